#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "base/limits.h"
#include "schema/filter_parse.h"
#include "schema/filter_text.h"
#include "schema/time.h"

namespace datastorage::schema {
namespace {

using testing::IsEmpty;

WallTime Now() {
  return ParseTime("2026-03-02T12:00:00Z").value();
}

struct WhereCase {
  const char* text;
  const char* filter;
};

std::string Told(const ParsedFilter& parsed) {
  std::string told;
  for (const FilterError& error : parsed.errors) {
    EXPECT_FALSE(error.message.empty());
    const std::string place = error.position ? std::to_string(*error.position) : error.pointer;
    told += (told.empty() ? "" : ";") + place + " " + error.code;
  }
  return told;
}

TEST(Where, Reads) {
  const std::vector<WhereCase> cases{
      {"", "and()"},
      {"  \t", "and()"},
      {"namespace:prod", "namespace=prod"},
      {"namespace:prod severity:critical", "and(namespace=prod, severity=critical)"},
      {"namespace:prod AND severity:critical", "and(namespace=prod, severity=critical)"},
      {"severity:(critical,warning)", "severity=critical|warning"},
      {"severity:( critical , \"a b\" )", "severity=critical|a b"},
      {"name:web-*", "name^web-"},
      {"name:*", "name^"},
      {"name:\"web-*\"", "name=web-*"},
      {"name:(web-*,api,db)", "or(name^web-, name=api|db)"},
      {"duration>5", "duration(5,)"},
      {"duration>=5 duration<30s", "and(duration[5,), duration[,30000))"},
      {"duration<=5m", "duration[,300000]"},
      {"duration:1h30m", "duration=5400000"},
      {"version>2", "version(2,)"},
      {"confidence_score>=0.5", "confidence_score[0.5,)"},
      {"success:false", "success=false"},
      {"start_time>24h", "start_time(2026-03-01T12:00:00Z,)"},
      {"start_time<2026-03-01T01:00:00+01:00", "start_time[,2026-03-01T00:00:00Z)"},
      {"id:0195A1B2-C3D4-7E5F-8A9B-0C1D2E3F4A5B", "id=0195a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b"},
      {"metadata.team:payments", "metadata.team=payments"},
      {"metadata.a.b-c:(1,true)", "metadata.a.b-c=1|true"},
      {"-severity:info", "not(severity=info)"},
      {"--severity:info", "not(not(severity=info))"},
      {"(severity:info OR severity:warning)", "or(severity=info, severity=warning)"},
      {"severity:info OR name:a name:b OR name:c",
       "or(severity=info, and(name=a, name=b), name=c)"},
      {"-(severity:info OR name:a) kind:workflow",
       "and(not(or(severity=info, name=a)), kind=workflow)"},
      {"name:\"say \\\"hi\\\" \\\\\"", "name=say \"hi\" \\"},
      {"name:http://x:80/a?b=c", "name=http://x:80/a?b=c"},
      {"name:-5", "name=-5"},
      {"name:ORDER name:\"OR\"", "and(name=ORDER, name=OR)"},
      {"name:漢字", "name=漢字"},
      {"((name:a))", "name=a"},
  };
  for (const WhereCase& c : cases) {
    const ParsedFilter parsed = ParseWhere(c.text, false, Now());
    EXPECT_EQ(Told(parsed), "") << c.text;
    EXPECT_EQ(Show(parsed.filter), c.filter) << c.text;
  }
}

struct FaultCase {
  const char* text;
  const char* errors;  // "position code", joined by ";".
};

TEST(Where, TellsWhatIsWrongAndWhere) {
  const std::vector<FaultCase> cases{
      {"colour:red", "0 unknown_member"},
      {"metadata:x", "0 unknown_member"},
      {"metadata.:x", "0 unknown_member"},
      {"漢字:x", "0 unknown_member"},
      {"name:漢 colour:red", "7 unknown_member"},
      {"colour:red duration:x kind:cow", "0 unknown_member;20 bad_value;27 bad_value"},
      {"phase:done", "6 bad_value"},
      {"status:Success", "7 bad_value"},
      {"vector:maybe", "7 bad_value"},
      {"id:7", "3 bad_value"},
      {"success:yes", "8 bad_value"},
      {"confidence_score>high", "17 bad_value"},
      {"confidence_score>nan", "17 bad_value"},
      {"confidence_score>1e999", "17 bad_value"},
      {"tokens_used>30s", "12 bad_value"},
      {"duration>1.5", "9 bad_value"},
      {"duration>99999999999999999999", "9 bad_value"},
      {"start_time>yesterday", "11 bad_value"},
      {"severity:(a,b*c,d)", "13 bad_value"},
      {"duration:5*", "9 bad_value"},
      {"metadata.team:pay*", "14 bad_value"},
      {"name>a", "0 not_comparable"},
      {"success<true", "0 not_comparable"},
      {"metadata.n>5", "0 not_comparable"},
      {"hello", "0 unexpected_word"},
      {"name:a hello \"big world\"", "7 unexpected_word;13 unexpected_word"},
      {"AND name:a", "0 unexpected_word"},
      {"name:", "5 syntax"},
      {"name: a", "5 syntax"},
      {"name:()", "6 syntax"},
      {"name:(a,)", "8 syntax"},
      {"name:(a", "5 syntax"},
      {"name:(a b)", "5 syntax"},
      {"name:f(x)", "6 syntax"},
      {"(name:a", "0 syntax"},
      {"name:a)", "6 syntax"},
      {"()", "1 syntax"},
      {"OR name:a", "0 syntax"},
      {"name:a OR", "9 syntax"},
      {"name:a AND", "10 syntax"},
      {"name:a OR OR name:b", "10 syntax"},
      {"-", "0 syntax"},
      {"- name:a", "0 syntax"},
      {":a", "0 syntax"},
      {">5", "0 syntax"},
      {"name:\"a", "5 syntax"},
      {"name:\"a\\n\"", "5 syntax"},
      {"name:\"a\\", "5 syntax"},
      {"name:\"a", "5 syntax"},
  };
  for (const FaultCase& c : cases) {
    EXPECT_EQ(Told(ParseWhere(c.text, false, Now())), c.errors) << c.text;
  }
}

TEST(Where, KeepsWordsApartInSearch) {
  const ParsedFilter parsed =
      ParseWhere("pod namespace:prod \"out of memory\" -severity:info again", true, Now());
  EXPECT_THAT(parsed.errors, IsEmpty());
  EXPECT_EQ(parsed.words, "pod out of memory again");
  EXPECT_EQ(Show(parsed.filter), "and(namespace=prod, not(severity=info))");
  EXPECT_EQ(ParseWhere("only words", true, Now()).words, "only words");
  EXPECT_TRUE(ParseWhere("only words", true, Now()).filter.IsEverything());
}

TEST(Where, RefusesWordsThatCannotBeSearchedFor) {
  EXPECT_EQ(Told(ParseWhere("-memory", true, Now())), "1 unexpected_word");
  EXPECT_EQ(Told(ParseWhere("(memory)", true, Now())), "1 unexpected_word");
  EXPECT_EQ(Told(ParseWhere("memory OR name:a", true, Now())), "0 unexpected_word");
  EXPECT_EQ(Told(ParseWhere("error:refused", true, Now())), "0 unknown_member");
}

std::string Repeated(std::string_view piece, int count) {
  std::string text;
  for (int i = 0; i < count; ++i) text += piece;
  return text;
}

TEST(Where, IsBounded) {
  EXPECT_EQ(Told(ParseWhere(Repeated("(", 100) + "name:a", false, Now())), "16 too_deep");
  EXPECT_EQ(Told(ParseWhere(Repeated("-", 100) + "name:a", false, Now())), "16 too_deep");
  EXPECT_EQ(Told(ParseWhere(Repeated("-", 15) + "name:a", false, Now())), "");
  EXPECT_EQ(Told(ParseWhere(Repeated("-", 16) + "name:a", false, Now())), "0 too_deep");
  EXPECT_EQ(Told(ParseWhere(Repeated("name:a ", 255), false, Now())), "");
  EXPECT_THAT(Told(ParseWhere(Repeated("name:a ", 257), false, Now())),
              testing::EndsWith("too_many_terms"));
  EXPECT_THAT(Told(ParseWhere("name:(" + Repeated("a,", 300) + "a)", false, Now())),
              testing::EndsWith("too_many_terms"));
  EXPECT_EQ(Told(ParseWhere(std::string(limits::kQueryTextByteCountMax + 1, ' '), false, Now())),
            "0 too_long");
}

// Random filters, printed and read again.
class RandomFilter {
 public:
  explicit RandomFilter(unsigned seed) : random_(seed) {}

  Filter Make(int depth) {
    const int choice = Below(depth > 0 ? 7 : 4);
    switch (choice) {
      case 0: return Filter::AnyOf(Member::kName, {Text(), Text() + "x"});
      case 1: return Bounded();
      case 2: return Filter::Prefix(Member::kNamespace, "web-" + std::to_string(Below(9)));
      case 3: return Filter::Path("a.b", {Text()});
      case 4: return Filter::Not(Make(depth - 1));
      case 5: return Filter::And({Make(depth - 1), Make(depth - 1)});
      default: return Filter::Or({Make(depth - 1), Make(depth - 1), Make(depth - 1)});
    }
  }

 private:
  int Below(int bound) { return std::uniform_int_distribution<int>(0, bound - 1)(random_); }

  std::string Text() {
    static const std::vector<std::string> pieces{
        "a", "\"", "\\", " ", ")", "(", ",", "*", "漢", ":", "-"};
    std::string text;
    for (int i = Below(5); i > 0; --i) {
      text += pieces[static_cast<std::size_t>(Below(static_cast<int>(pieces.size())))];
    }
    return text;
  }

  Filter Bounded() {
    const Member member = std::array{Member::kDuration,
                                     Member::kConfidenceScore,
                                     Member::kStartTime}[static_cast<std::size_t>(Below(3))];
    FilterBound bound{std::int64_t{Below(1000)}, Below(2) == 0};
    if (member == Member::kConfidenceScore) bound.value = Below(1000) / 1000.0;
    if (member == Member::kStartTime) bound.value = Now() + Duration(Below(1'000'000'000));
    if (Below(2) == 0) return Filter::Range(member, bound, std::nullopt);
    return Filter::Range(member, std::nullopt, bound);
  }

  std::mt19937 random_;
};

TEST(Where, ReadsWhatIsPrinted) {
  for (unsigned seed = 0; seed < 20'000; ++seed) {
    const Filter filter = RandomFilter(seed).Make(3);
    const std::string text = WhereText(filter);
    const ParsedFilter parsed = ParseWhere(text, false, Now());
    ASSERT_EQ(Told(parsed), "") << text;
    ASSERT_EQ(CanonicalText(parsed.filter), CanonicalText(filter)) << text;
  }
}

}  // namespace
}  // namespace datastorage::schema
