#include "schema/validate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/limits.h"
#include "schema/record_json.h"
#include "schema/sample_bodies.h"

namespace datastorage::schema {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::vector<std::string> Told(const ParsedBody& parsed) {
  std::vector<std::string> told;
  for (const Violation& violation : parsed.violations) {
    told.push_back(violation.pointer + " " + violation.code);
  }
  return told;
}

ParsedBody Create(RecordKind kind, std::string_view text) {
  return ParseCreate(kind, Parsed(text));
}

// The full body with `members` put over it.
std::string With(std::string_view body, std::string_view members) {
  Json json = Parsed(body).value;
  for (auto& [name, value] : Parsed(members).value.members) {
    std::erase_if(json.members, [&](const Json::Member& member) { return member.first == name; });
    json.Add(name, value);
  }
  return ToText(json);
}

TEST(Validate, TellsEveryViolationInFieldOrder) {
  EXPECT_THAT(Told(Create(RecordKind::kRemediation,
                          R"({"zebra":1,"actor":7,"trace_id":"x","summary":["s"],"metadata":"[",
                      "error_message":"a\u0000","target_resource":1,"cluster_name":1,
                      "environment":1,"severity":1,"alert_fingerprint":1,
                      "remediation_request_id":" ","duration":-1,
                      "end_time":"2026-02-30T00:00:00Z","start_time":"now","status":"done",
                      "action_type":null,"phase":"Pending","namespace":"","id":"1","ape":2})")),
              ElementsAre("/name required",
                          "/namespace blank",
                          "/phase not_allowed",
                          "/action_type required",
                          "/status not_allowed",
                          "/start_time bad_time",
                          "/end_time bad_time",
                          "/duration out_of_range",
                          "/remediation_request_id blank",
                          "/alert_fingerprint wrong_type",
                          "/severity wrong_type",
                          "/environment wrong_type",
                          "/cluster_name wrong_type",
                          "/target_resource wrong_type",
                          "/error_message nul_character",
                          "/metadata bad_json",
                          "/summary wrong_type",
                          "/trace_id not_hex",
                          "/actor wrong_type",
                          "/zebra unknown_member",
                          "/id server_set",
                          "/ape unknown_member"));
  EXPECT_THAT(Told(Create(RecordKind::kExecution, "{}")),
              ElementsAre("/workflow_id required",
                          "/execution_id required",
                          "/action_type required",
                          "/target_resource required",
                          "/cluster_name required",
                          "/success required",
                          "/start_time required"));
  EXPECT_THAT(Told(Create(RecordKind::kAiAnalysis, R"({"confidence_score":2,"tokens_used":0.5})")),
              ElementsAre("/remediation_request_id required",
                          "/analysis_id required",
                          "/provider required",
                          "/model required",
                          "/confidence_score out_of_range",
                          "/tokens_used wrong_type"));
}

TEST(Validate, TellsSeveralViolationsOfOneMember) {
  const std::string spaces(300, ' ');
  EXPECT_THAT(Told(Create(RecordKind::kRemediation,
                          With(kFullRemediation, R"({"name":")" + spaces + R"("})"))),
              ElementsAre("/name blank", "/name too_long"));
}

TEST(Validate, ComparesTimesOnlyWhenBothAreSound) {
  EXPECT_THAT(Told(Create(RecordKind::kRemediation,
                          With(kFullRemediation, R"({"start_time":"tomorrow"})"))),
              ElementsAre("/start_time bad_time"));
  EXPECT_THAT(Told(Create(RecordKind::kWorkflow,
                          With(kFullWorkflow, R"({"total_steps":"5","completed_steps":9})"))),
              ElementsAre("/total_steps wrong_type"));
}

TEST(Validate, RefusesARootThatIsNoObject) {
  for (const char* text : {"[]", "null", "7", "\"\\u0000\"", "true"}) {
    EXPECT_THAT(Told(Create(RecordKind::kRemediation, text)), ElementsAre(" wrong_type")) << text;
  }
}

TEST(Validate, BoundsTheViolationsOfAHostileRequest) {
  std::string text = "{\"m0\":0";
  for (int i = 1; i < 5'000; ++i) text += ",\"m" + std::to_string(i) + "\":0";
  const ParsedBody parsed = Create(RecordKind::kRemediation, text + "}");
  ASSERT_EQ(parsed.violations.size(), limits::kViolationCountMax);
  EXPECT_EQ(parsed.violations.back().code, "too_many");
}

TEST(Validate, FillsInDefaults) {
  const ParsedBody parsed = Create(RecordKind::kWorkflow,
                                   R"({"remediation_request_id":"r","workflow_id":"w",
                                       "phase":"planning","start_time":"2026-03-01T00:00:00Z"})");
  ASSERT_TRUE(parsed.body.has_value());
  EXPECT_EQ(std::get<Workflow>(*parsed.body).total_steps, 0);
  EXPECT_EQ(std::get<Workflow>(*parsed.body).completed_steps, 0);
}

TEST(Validate, ComputesTheDurationThatIsNotGiven) {
  const auto duration = [](std::string_view members) {
    const ParsedBody parsed = Create(RecordKind::kRemediation, With(kFullRemediation, members));
    return std::get<Remediation>(parsed.body.value()).duration;
  };
  EXPECT_EQ(duration("{}"), 59'000);
  EXPECT_EQ(duration(R"({"duration":null})"), 60'000);
  EXPECT_EQ(duration(R"({"duration":null,"end_time":"2026-03-01T00:00:00.0019Z"})"), 1);
  EXPECT_EQ(duration(R"({"duration":null,"end_time":"2026-03-01T00:00:00Z"})"), 0);
  EXPECT_EQ(duration(R"({"duration":null,"end_time":null})"), std::nullopt);
  EXPECT_EQ(duration(R"({"duration":7,"end_time":null})"), 7);
}

TEST(Validate, TakesMetadataFromAStringAsAnObject) {
  const ParsedBody parsed =
      Create(RecordKind::kRemediation,
             With(kFullRemediation, R"({"metadata":" {\"b\" : 1.50, \"a\": [ 1e2 ]} "})"));
  ASSERT_TRUE(parsed.body.has_value());
  EXPECT_EQ(std::get<Remediation>(*parsed.body).metadata->text, R"({"b":1.50,"a":[1e2]})");
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
