#include "schema/record_json.h"

#include <gtest/gtest.h>

#include "schema/sample_bodies.h"
#include "schema/time.h"
#include "schema/validate.h"

namespace datastorage::schema {
namespace {

Record ARecord() {
  Record record;
  record.id = Uuid::Parse("0195a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b").value();
  record.version = 3;
  record.created_at = ParseTime("2026-03-01T00:00:00Z").value();
  record.updated_at = ParseTime("2026-03-02T00:00:00.5Z").value();
  record.body = ParseCreate(RecordKind::kWorkflow, Parsed(kFullWorkflow)).body.value();
  return record;
}

constexpr std::string_view kServerSetPart =
    R"({"id":"0195a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b","version":3,)"
    R"("created_at":"2026-03-01T00:00:00Z","updated_at":"2026-03-02T00:00:00.5Z","vector":)";

TEST(RecordJson, PutsTheServersMembersFirst) {
  Record record = ARecord();
  const std::string rest = "," + std::string(kFullWorkflow.substr(1));
  EXPECT_EQ(ToText(RecordToJson(record)), std::string(kServerSetPart) + "\"none\"" + rest);
  record.vector = VectorState::kSynced;
  EXPECT_EQ(ToText(RecordToJson(record)), std::string(kServerSetPart) + "\"synced\"" + rest);
  record.vector = VectorState::kPending;
  record.vector_reason = PendingReason::kEmbedderBusy;
  EXPECT_EQ(ToText(RecordToJson(record)),
            std::string(kServerSetPart) + R"("pending","vector_reason":"embedder_busy")" + rest);
}

TEST(RecordJson, LeavesAbsentMembersOut) {
  Execution execution;
  execution.workflow_id = "w";
  EXPECT_EQ(BodyToStoredText(execution),
            R"({"workflow_id":"w","execution_id":"","action_type":"","target_resource":"",)"
            R"("cluster_name":"","success":false,"start_time":"1970-01-01T00:00:00Z"})");
}

TEST(RecordJson, SelectsMembersInRecordOrder) {
  const Json json = RecordToJson(ARecord());
  const std::vector<std::string> names{"phase", "id", "nonsense"};
  EXPECT_EQ(ToText(SelectMembers(json, names)),
            R"({"id":"0195a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b","phase":"executing"})");
  EXPECT_EQ(ToText(SelectMembers(json, {})), ToText(json));
}

TEST(RecordJson, RoundTripsEveryDoubleAndText) {
  AiAnalysis analysis;
  for (const double score : {0.0, 0.1, 1.0 / 3, 5e-324, 1.0, 0.30000000000000004}) {
    analysis.confidence_score = score;
    analysis.root_cause = "\"\\\x01 é 漢 😀\n";
    analysis.metadata = JsonObjectText{R"({"n":1.500,"e":1E+2,"t":"\u0001"})"};
    EXPECT_EQ(BodyFromStoredText(RecordKind::kAiAnalysis, BodyToStoredText(analysis)).value(),
              RecordBody(analysis));
  }
}

TEST(RecordJson, RefusesStoredTextThatItDidNotWrite) {
  const std::string good(kFullWorkflow);
  ASSERT_TRUE(BodyFromStoredText(RecordKind::kWorkflow, good).has_value());
  const auto replaced = [&](std::string_view from, std::string_view to) {
    std::string text = good;
    text.replace(text.find(from), from.size(), to);
    return text;
  };
  for (const std::string& text : {std::string(),
                                  std::string("{}"),
                                  std::string("[]"),
                                  good.substr(1),
                                  replaced("5", "\"5\""),
                                  replaced("\"phase\"", "\"face\""),
                                  replaced("{\"team\":\"payments\"}", "7"),
                                  replaced("2026-03-01T00:00:00Z", "now"),
                                  replaced("\"actor\"", "\"phase\""),
                                  replaced("\"actor\"", "\"colour\"")}) {
    const Result<RecordBody> read = BodyFromStoredText(RecordKind::kWorkflow, text);
    ASSERT_FALSE(read.has_value()) << text;
    EXPECT_EQ(read.error().code, ErrorCode::kInternal);
  }
  EXPECT_FALSE(BodyFromStoredText(RecordKind::kExecution, good).has_value());
}

}  // namespace
}  // namespace datastorage::schema
