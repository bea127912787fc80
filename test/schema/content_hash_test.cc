#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "schema/sample_bodies.h"
#include "schema/validate.h"

namespace datastorage::schema {
namespace {

using testing::IsEmpty;

ParsedBody Create(RecordKind kind, std::string_view text) {
  return ParseCreate(kind, Parsed(text));
}

struct EqualCase {
  const char* a;
  const char* b;
  bool are_equal;
};

TEST(ContentHash, ComparesRecordsNotBytes) {
  const std::vector<EqualCase> cases{
      {R"({})", R"({})", true},
      {R"({"severity":null})", R"({"severity":""})", false},
      {R"({"actor":"a"})", R"({"actor":"b"})", false},
      {R"({"duration":11})", R"({"duration":1.1e1})", true},
      {R"({"duration":11})", R"({"duration":12})", false},
      {R"({"start_time":"2026-03-01T00:00:00Z"})",
       R"({"start_time":"2026-03-01T01:00:00+01:00"})",
       true},
      {R"({"metadata":{"a":1,"b":{"c":2,"d":[1,2]}}})",
       R"({"metadata":{"b":{"d":[1.0,20e-1],"c":2},"a":1e0}})",
       true},
      {R"({"metadata":{"a":1}})", R"({"metadata":"{\"a\": 1}"})", true},
      {R"({"metadata":{"a":[1,2]}})", R"({"metadata":{"a":[2,1]}})", false},
      {R"({"metadata":{"a":1}})", R"({"metadata":{"a":"1"}})", false},
      {R"({"metadata":{"a":null}})", R"({"metadata":{}})", false},
      {R"({"metadata":{"a":9007199254740993}})", R"({"metadata":{"a":9007199254740992}})", false},
      {R"({"metadata":{"a":-0.0}})", R"({"metadata":{"a":0}})", true},
      {R"({"metadata":{}})", R"({"metadata":null})", false},
      {R"({"metadata":{"é":"A"}})", R"({"metadata":{"\u00e9":"\u0041"}})", true},
      // Moved from one member to its neighbour.
      {R"({"severity":"x","environment":null})", R"({"severity":null,"environment":"x"})", false},
      // Before the duration is computed.
      {R"({"duration":null})", R"({"duration":60000})", false},
  };
  for (const EqualCase& c : cases) {
    const ParsedBody a = Create(RecordKind::kRemediation, With(kFullRemediation, c.a));
    const ParsedBody b = Create(RecordKind::kRemediation, With(kFullRemediation, c.b));
    ASSERT_THAT(a.violations, IsEmpty()) << c.a;
    ASSERT_THAT(b.violations, IsEmpty()) << c.b;
    EXPECT_EQ(a.content_hash == b.content_hash, c.are_equal) << c.a << " and " << c.b;
  }
}

TEST(ContentHash, TakesAbsentForTheDefault) {
  const auto hash = [](std::string_view members) {
    return Create(RecordKind::kWorkflow, With(kFullWorkflow, members)).content_hash;
  };
  EXPECT_EQ(hash(R"({"total_steps":null,"completed_steps":null})"),
            hash(R"({"total_steps":0,"completed_steps":0.0})"));
}

TEST(ContentHash, TakesConfidenceByValue) {
  const auto hash = [](std::string_view members) {
    return Create(RecordKind::kAiAnalysis, With(kFullAiAnalysis, members)).content_hash;
  };
  EXPECT_EQ(hash(R"({"confidence_score":0.5})"), hash(R"({"confidence_score":5e-1})"));
  EXPECT_EQ(hash(R"({"confidence_score":0})"), hash(R"({"confidence_score":-0.0})"));
  EXPECT_NE(hash(R"({"confidence_score":0})"), hash(R"({"confidence_score":null})"));
}

}  // namespace
}  // namespace datastorage::schema
