#include "schema/metadata.h"

#include <gtest/gtest.h>

#include "schema/sample_bodies.h"

namespace datastorage::schema {
namespace {

struct MergeCase {
  const char* target;
  const char* patch;
  const char* result;
};

// RFC 7396, appendix A, all of it.
TEST(MergePatch, FollowsTheExamplesOfTheStandard) {
  const std::vector<MergeCase> cases{
      {R"({"a":"b"})", R"({"a":"c"})", R"({"a":"c"})"},
      {R"({"a":"b"})", R"({"b":"c"})", R"({"a":"b","b":"c"})"},
      {R"({"a":"b"})", R"({"a":null})", R"({})"},
      {R"({"a":"b","b":"c"})", R"({"a":null})", R"({"b":"c"})"},
      {R"({"a":["b"]})", R"({"a":"c"})", R"({"a":"c"})"},
      {R"({"a":"c"})", R"({"a":["b"]})", R"({"a":["b"]})"},
      {R"({"a":{"b":"c"}})", R"({"a":{"b":"d","c":null}})", R"({"a":{"b":"d"}})"},
      {R"({"a":[{"b":"c"}]})", R"({"a":[1]})", R"({"a":[1]})"},
      {R"(["a","b"])", R"(["c","d"])", R"(["c","d"])"},
      {R"({"a":"b"})", R"(["c"])", R"(["c"])"},
      {R"({"a":"foo"})", "null", "null"},
      {R"({"a":"foo"})", R"("bar")", R"("bar")"},
      {R"({"e":null})", R"({"a":1})", R"({"e":null,"a":1})"},
      {R"([1,2])", R"({"a":"b","c":null})", R"({"a":"b"})"},
      {R"({})", R"({"a":{"bb":{"ccc":null}}})", R"({"a":{"bb":{}}})"},
  };
  for (const MergeCase& c : cases) {
    EXPECT_EQ(ToText(MergePatch(Parsed(c.target).value, Parsed(c.patch).value)), c.result)
        << c.target << " + " << c.patch;
  }
}

TEST(CanonicalJson, IsOneForEqualValues) {
  const auto canonical = [](std::string_view text) { return CanonicalJson(Parsed(text).value); };
  EXPECT_EQ(canonical(R"({"b":[1.0,{"y":1,"x":2}],"a":null})"),
            canonical(R"( {"a":null, "b":[1e0, {"x":2.0,"y":10e-1}]} )"));
  EXPECT_NE(canonical("[1,2]"), canonical("[2,1]"));
  EXPECT_NE(canonical(R"(["1"])"), canonical("[1]"));
  EXPECT_NE(canonical("[[1],2]"), canonical("[[1,2]]"));
  EXPECT_NE(canonical(R"({"a":{},"b":1})"), canonical(R"({"a":{"b":1}})"));
}

TEST(ObjectInString, IsFoundOnlyWithoutDefects) {
  const auto held = [](std::string_view text) { return ObjectInString(Json::String(text)); };
  EXPECT_EQ(ToText(held(" {\"a\": 1.0} ").value()), R"({"a":1.0})");
  for (const char* text : {"", "7", "[]", "{", R"({"a":1,"a":2})", R"({"a":"\u0000"})"}) {
    EXPECT_FALSE(held(text).has_value()) << text;
  }
  EXPECT_FALSE(ObjectInString(Json::Object()).has_value());
}

}  // namespace
}  // namespace datastorage::schema
