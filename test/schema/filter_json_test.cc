#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "schema/filter_parse.h"
#include "schema/filter_text.h"
#include "schema/sample_bodies.h"
#include "schema/time.h"

namespace datastorage::schema {
namespace {

WallTime Now() {
  return ParseTime("2026-03-02T12:00:00Z").value();
}

std::string Told(const ParsedFilter& parsed) {
  std::string told;
  for (const FilterError& error : parsed.errors) {
    EXPECT_FALSE(error.message.empty());
    const std::string place = error.position ? std::to_string(*error.position) : error.pointer;
    told += (told.empty() ? "" : ";") + place + " " + error.code;
  }
  return told;
}

struct TreeCase {
  const char* json;
  const char* filter;
};

TEST(FilterJson, Reads) {
  const std::vector<TreeCase> cases{
      {R"({"and":[]})", "and()"},
      {R"({"or":[]})", "or()"},
      {R"({"eq":{"namespace":"prod"}})", "namespace=prod"},
      {R"({"eq":{"namespace":"prod","severity":"info"}})", "and(namespace=prod, severity=info)"},
      {R"({"in":{"severity":["critical","warning"]}})", "severity=critical|warning"},
      {R"({"in":{"severity":[]}})", "severity="},
      {R"({"range":{"duration":{"gte":1000,"lt":5000}}})", "duration[1000,5000)"},
      {R"({"range":{"duration":{"gt":"30s","lte":1e3}}})", "duration(30000,1000]"},
      {R"({"range":{"start_time":{"gt":"24h"}}})", "start_time(2026-03-01T12:00:00Z,)"},
      {R"({"range":{"confidence_score":{"lt":1}}})", "confidence_score[,1)"},
      {R"({"prefix":{"name":"web-"}})", "name^web-"},
      {R"({"path":{"metadata.team":"payments"}})", "metadata.team=payments"},
      {R"({"path":{"metadata.n":[1.50,true,"x"]}})", "metadata.n=1.5|true|x"},
      {R"({"not":{"eq":{"success":true}}})", "not(success=true)"},
      {R"({"and":[{"or":[{"eq":{"kind":"workflow"}}]},{"eq":{"version":2.0}}]})",
       "and(or(kind=workflow), version=2)"},
      {R"("namespace:prod -severity:info")", "and(namespace=prod, not(severity=info))"},
  };
  for (const TreeCase& c : cases) {
    const ParsedFilter parsed = ParseFilterJson(Parsed(c.json).value, Now());
    EXPECT_EQ(Told(parsed), "") << c.json;
    EXPECT_EQ(Show(parsed.filter), c.filter) << c.json;
  }
}

TEST(FilterJson, TellsEverythingThatIsWrongAndWhere) {
  const std::vector<TreeCase> cases{
      {"7", " bad_filter"},
      {"{}", " bad_filter"},
      {"null", " bad_filter"},
      {R"({"eq":{"name":"a"},"in":{}})", " bad_filter"},
      {R"({"xor":[]})", "/xor unknown_operator"},
      {R"({"and":{}})", "/and wrong_type"},
      {R"({"and":[7,{"eq":{"colour":1}},{"a/b":1}]})",
       "/and/0 bad_filter;/and/1/eq/colour unknown_member;/and/2/a~1b unknown_operator"},
      {R"({"eq":[]})", "/eq wrong_type"},
      {R"({"eq":{}})", "/eq wrong_type"},
      {R"({"eq":{"name":null,"duration":1.5,"success":"true","start_time":7,"kind":"cow"}})",
       "/eq/name wrong_type;/eq/duration wrong_type;/eq/success wrong_type;"
       "/eq/start_time wrong_type;/eq/kind bad_value"},
      {R"({"eq":{"tokens_used":"5"}})", "/eq/tokens_used wrong_type"},
      {R"({"eq":{"duration":"5 apples"}})", "/eq/duration bad_value"},
      {R"({"eq":{"metadata.team":"x"}})", "/eq/metadata.team bad_filter"},
      {R"({"in":{"name":"a"}})", "/in/name wrong_type"},
      {R"({"in":{"name":["a",1]}})", "/in/name/1 wrong_type"},
      {R"({"range":{"name":{"gt":"a"}}})", "/range/name not_comparable"},
      {R"({"range":{"duration":5}})", "/range/duration wrong_type"},
      {R"({"range":{"duration":{}}})", "/range/duration wrong_type"},
      {R"({"range":{"duration":{"gt":1,"gte":2,"max":3}}})",
       "/range/duration/gte bad_filter;/range/duration/max bad_filter"},
      {R"({"prefix":{"duration":"1"}})", "/prefix/duration wrong_type"},
      {R"({"prefix":{"name":1}})", "/prefix/name wrong_type"},
      {R"({"path":{"name":"a"}})", "/path/name bad_filter"},
      {R"({"path":{"team":"a"}})", "/path/team unknown_member"},
      {R"({"path":{"metadata.a":{}}})", "/path/metadata.a wrong_type"},
      {R"({"path":{"metadata.a":["x",null]}})", "/path/metadata.a/1 wrong_type"},
      {R"("colour:red")", "0 unknown_member"},
      {R"("words")", "0 unexpected_word"},
  };
  for (const TreeCase& c : cases) {
    EXPECT_EQ(Told(ParseFilterJson(Parsed(c.json).value, Now())), c.filter) << c.json;
  }
}

TEST(FilterJson, IsBounded) {
  std::string deep = R"({"eq":{"name":"a"}})";
  for (int i = 0; i < 15; ++i) deep = R"({"not":)" + deep + "}";
  EXPECT_EQ(Told(ParseFilterJson(Parsed(deep).value, Now())), "");
  deep = R"({"not":)" + deep + "}";
  EXPECT_THAT(Told(ParseFilterJson(Parsed(deep).value, Now())), testing::EndsWith(" too_deep"));

  std::string wide;
  for (int i = 0; i < 100'000; ++i) wide += "\"a\",";
  EXPECT_EQ(Told(ParseFilterJson(Parsed(R"({"in":{"name":[)" + wide + "1]}}").value, Now())),
            "/in/name/254 too_many_terms");
}

}  // namespace
}  // namespace datastorage::schema
