#include "schema/validate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/limits.h"
#include "schema/record_json.h"
#include "schema/sample_bodies.h"

namespace datastorage::schema {
namespace {

using testing::ElementsAre;

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

}  // namespace
}  // namespace datastorage::schema
