#include "schema/filter_terms.h"

#include <gtest/gtest.h>

#include "schema/filter_parse.h"
#include "schema/filter_text.h"
#include "schema/time.h"

namespace datastorage::schema {
namespace {

struct ValueCase {
  Member member;
  const char* text;
  const char* value;  // "" when it is refused.
};

TEST(ParseMemberValue, ReadsWhatAQuerySpells) {
  const WallTime now = ParseTime("2026-03-02T12:00:00Z").value();
  const std::vector<ValueCase> cases{
      {Member::kName, " as it is* ", " as it is* "},
      {Member::kId, "0195A1B2-C3D4-7E5F-8A9B-0C1D2E3F4A5B", "0195a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b"},
      {Member::kId, "1", ""},
      {Member::kKind, "aianalysis", "aianalysis"},
      {Member::kKind, "analysis", ""},
      {Member::kPhase, "planning", "planning"},
      {Member::kPhase, "Planning", ""},
      {Member::kVector, "pending", "pending"},
      {Member::kSeverity, "anything", "anything"},
      {Member::kVersion, "3", "3"},
      {Member::kVersion, "-3", "-3"},
      {Member::kVersion, "+3", ""},
      {Member::kVersion, "3s", ""},
      {Member::kVersion, "3.0", ""},
      {Member::kVersion, "", ""},
      {Member::kVersion, "9223372036854775808", ""},
      {Member::kDuration, "1500", "1500"},
      {Member::kDuration, "1m30s", "90000"},
      {Member::kExecutionTime, "250ms", "250"},
      {Member::kAnalysisDuration, "2h", "7200000"},
      {Member::kDuration, "2 h", ""},
      {Member::kConfidenceScore, "0.5", "0.5"},
      {Member::kConfidenceScore, "1e-1", "0.1"},
      {Member::kConfidenceScore, "inf", ""},
      {Member::kConfidenceScore, "nan", ""},
      {Member::kConfidenceScore, "0x1", ""},
      {Member::kConfidenceScore, "", ""},
      {Member::kSuccess, "true", "true"},
      {Member::kSuccess, "TRUE", ""},
      {Member::kSuccess, "1", ""},
      {Member::kStartTime, "2026-03-01T01:00:00+01:00", "2026-03-01T00:00:00Z"},
      {Member::kStartTime, "7d", "2026-02-23T12:00:00Z"},
      {Member::kStartTime, "2026-03-01", ""},
      {Member::kStartTime, "-7d", ""},
  };
  for (const ValueCase& c : cases) {
    const Result<MemberValue> value = ParseMemberValue(c.member, c.text, now);
    const std::string what = std::string(Describe(c.member).name) + " " + c.text;
    ASSERT_EQ(value.has_value(), *c.value != '\0') << what;
    if (value.has_value()) {
      EXPECT_EQ(ValueText(*value), c.value) << what;
    } else {
      EXPECT_EQ(value.error().message.find("must be "), 0U) << what;
    }
  }
}

TEST(FilterTerms, KnowTheEnumerationsOfAllKinds) {
  const auto count = [](Member member) { return AllowedValues(member).size(); };
  EXPECT_EQ(count(Member::kPhase), 6U);
  EXPECT_EQ(count(Member::kStatus), 4U);
  EXPECT_EQ(count(Member::kKind), 4U);
  EXPECT_EQ(count(Member::kVector), 3U);
  EXPECT_EQ(count(Member::kSeverity), 0U);
}

TEST(FilterTerms, JoinOneChildToItself) {
  const Filter leaf = Filter::Equals(Member::kName, std::string("a"));
  EXPECT_EQ(Show(Joined(FilterOp::kOr, {leaf})), "name=a");
  EXPECT_EQ(Show(Joined(FilterOp::kOr, {leaf, leaf})), "or(name=a, name=a)");
  EXPECT_EQ(Show(Joined(FilterOp::kAnd, {})), "and()");
}

TEST(FilterTerms, CountLevels) {
  const Filter leaf = Filter::Equals(Member::kName, std::string("a"));
  EXPECT_EQ(DepthOf(leaf), 1);
  EXPECT_EQ(DepthOf(Filter::And({leaf, Filter::Not(leaf)})), 3);
}

}  // namespace
}  // namespace datastorage::schema
