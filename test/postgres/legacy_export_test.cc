#include "postgres/legacy_export.h"

#include <gmock/gmock.h>

#include "postgres/session.h"
#include "schema/validate.h"
#include "support/legacy_tables.h"

namespace datastorage::postgres {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class LegacyExportTest : public testing::Test {
 protected:
  LegacyExportTest() {
    Ask(test::LegacyTables(HasVectors()));
    Ask("ALTER DATABASE " + database_ + " SET timezone = 'Asia/Kolkata'");
  }

  bool HasVectors() {
    return Ask("SELECT count(*) FROM pg_available_extensions WHERE name = 'vector'") == "1";
  }
  std::string Ask(const std::string& sql) { return server_.Run(database_, sql); }
  // A remediation as the original writes it, with some columns changed.
  void AddRemediation(const std::string& key, const std::string& change = "") {
    Ask("INSERT INTO remediation_audit (name, namespace, phase, action_type, status, start_time,"
        " remediation_request_id, alert_fingerprint, severity, environment, cluster_name,"
        " target_resource, created_at, updated_at, embedding) VALUES ('fix', 'shop', 'pending',"
        " 'restart_pod', 'running', '2025-10-12 10:00:00.25+02', '" +
        key +
        "', 'f1', 'high', 'production', 'east', 'deployment/shop', '2025-10-12 08:00:01+00',"
        " '2025-10-12 08:00:02.000003+00', " +
        (HasVectors() ? "array_fill(0.05::real, ARRAY[384])::vector" : "ARRAY[0.05]") + ")");
    if (change.empty()) return;
    Ask("UPDATE remediation_audit SET " + change + " WHERE remediation_request_id = '" + key + "'");
  }

  Result<LegacyTally> Export() {
    lines_.clear();
    refusals_.clear();
    const auto session = OpenSession(server_.Conninfo(database_));
    return ExportLegacy(
        *session,
        {[this](const std::string& line) {
           lines_.push_back(line);
           return true;
         },
         [this](std::string_view table, std::int64_t id, const std::string& why) {
           refusals_.push_back(std::string(table) + " " + std::to_string(id) + ": " + why);
         }});
  }

  test::PostgresServer& server_ = test::PostgresServer::Shared();
  std::string database_ = server_.MakeDatabase();
  std::vector<std::string> lines_;
  std::vector<std::string> refusals_;
};

TEST_F(LegacyExportTest, GivesEachKindWithItsSerialIdAndTimes) {
  AddRemediation("rr-1",
                 "end_time = '2025-10-12 08:05:00+00', duration = 299750, phase = 'completed',"
                 " error_message = E'a \"quoted\"\\nline', metadata = '{\"n\": 1.50, \"a\": [1]}'");
  Ask("INSERT INTO ai_analysis_audit (remediation_request_id, analysis_id, provider, model,"
      " confidence_score, tokens_used, analysis_duration, created_at) VALUES ('rr-1', 'an-1',"
      " 'openai', 'm', 0.1, 12, 34, '2025-10-12 08:00:03+00')");
  Ask("INSERT INTO workflow_audit (remediation_request_id, workflow_id, phase, total_steps,"
      " completed_steps, start_time, created_at) VALUES ('rr-1', 'wf-1', 'executing', 3, 1,"
      " '2025-10-12 08:00:04+00', '2025-10-12 08:00:05+00')");
  Ask("INSERT INTO execution_audit (workflow_id, execution_id, action_type, target_resource,"
      " cluster_name, success, start_time, execution_time, created_at) VALUES ('wf-1', 'ex-1',"
      " 'restart_pod', 'deployment/shop', 'east', true, '2025-10-12 08:00:06+00', 5,"
      " '2025-10-12 08:00:07+00')");
  const auto tally = Export();
  ASSERT_TRUE(tally.has_value()) << tally.error().message;
  EXPECT_EQ(tally->record_count, 4);
  EXPECT_THAT(refusals_, IsEmpty());
  EXPECT_THAT(
      lines_,
      ElementsAre(
          R"({"kind":"remediation","record":{"name":"fix","namespace":"shop","phase":"completed",)"
          R"("action_type":"restart_pod","status":"running",)"
          R"("start_time":"2025-10-12T08:00:00.25+00:00","end_time":"2025-10-12T08:05:00+00:00",)"
          R"("duration":299750,"remediation_request_id":"rr-1","alert_fingerprint":"f1",)"
          R"("severity":"high","environment":"production","cluster_name":"east",)"
          R"("target_resource":"deployment/shop","error_message":"a \"quoted\"\nline",)"
          R"("metadata":{"n":1.50,"a":[1],"legacy_id":1,)"
          R"("legacy_created_at":"2025-10-12T08:00:01+00:00",)"
          R"("legacy_updated_at":"2025-10-12T08:00:02.000003+00:00"}}})",
          R"({"kind":"aianalysis","record":{"remediation_request_id":"rr-1","analysis_id":"an-1",)"
          R"("provider":"openai","model":"m","confidence_score":0.1,"tokens_used":12,)"
          R"("analysis_duration":34,"metadata":{"legacy_id":1,)"
          R"("legacy_created_at":"2025-10-12T08:00:03+00:00"}}})",
          R"({"kind":"workflow","record":{"remediation_request_id":"rr-1","workflow_id":"wf-1",)"
          R"("phase":"executing","total_steps":3,"completed_steps":1,)"
          R"("start_time":"2025-10-12T08:00:04+00:00","metadata":{"legacy_id":1,)"
          R"("legacy_created_at":"2025-10-12T08:00:05+00:00"}}})",
          R"({"kind":"execution","record":{"workflow_id":"wf-1","execution_id":"ex-1",)"
          R"("action_type":"restart_pod","target_resource":"deployment/shop",)"
          R"("cluster_name":"east","success":true,"start_time":"2025-10-12T08:00:06+00:00",)"
          R"("execution_time":5,"metadata":{"legacy_id":1,)"
          R"("legacy_created_at":"2025-10-12T08:00:07+00:00"}}})"));
}

TEST_F(LegacyExportTest, KeepsMetadataThatIsNoObjectAsText) {
  const std::string texts[] = {
      "", "null", "not JSON", "[1]", R"({"legacy_id": 7})", R"({"a":1,"a":2})"};
  for (std::size_t i = 0; i < std::size(texts); ++i) {
    AddRemediation("rr-" + std::to_string(i), "metadata = '" + texts[i] + "'");
  }
  ASSERT_TRUE(Export().has_value());
  EXPECT_THAT(refusals_, IsEmpty());
  const auto with = [](const std::string& metadata) {
    return HasSubstr("\"metadata\":{" + metadata + "\"legacy_id\":");
  };
  EXPECT_THAT(lines_,
              ElementsAre(with(""),
                          with(""),
                          with(R"("legacy_metadata":"not JSON",)"),
                          with(R"("legacy_metadata":"[1]",)"),
                          with(R"("legacy_metadata":"{\"legacy_id\": 7}",)"),
                          with(R"("legacy_metadata":"{\"a\":1,\"a\":2}",)")));
}

TEST_F(LegacyExportTest, NamesEachRowThatCannotBeTaken) {
  AddRemediation("rr-1", "phase = 'unheard of', status = ''");
  AddRemediation("rr-2", "end_time = start_time - interval '1 s'");
  AddRemediation("rr-3", "start_time = '-infinity'");
  AddRemediation("rr-4", "start_time = '0044-03-15 00:00:00+00 BC'");
  AddRemediation("rr-5", "duration = -1");
  AddRemediation("rr-6", "metadata = repeat('[', 300000)");
  AddRemediation("rr-7");
  Ask("INSERT INTO workflow_audit (remediation_request_id, workflow_id, phase, total_steps,"
      " completed_steps, start_time) VALUES ('rr-7', 'wf-1', 'planning', 1, 2, now())");
  const auto tally = Export();
  ASSERT_TRUE(tally.has_value()) << tally.error().message;
  EXPECT_EQ(tally->record_count, 1);
  EXPECT_EQ(tally->refused_count, 7);
  EXPECT_THAT(refusals_,
              ElementsAre(AllOf(HasSubstr("remediation_audit 1: /phase "), HasSubstr("; /status ")),
                          HasSubstr("remediation_audit 2: /end_time must not be before start_time"),
                          HasSubstr("remediation_audit 3: /start_time "),
                          HasSubstr("remediation_audit 4: /start_time "),
                          HasSubstr("remediation_audit 5: /duration "),
                          HasSubstr("remediation_audit 6: /metadata "),
                          HasSubstr("workflow_audit 1: /completed_steps must not be more")));
}

TEST_F(LegacyExportTest, ReadsEveryPage) {
  Ask("INSERT INTO execution_audit (workflow_id, execution_id, action_type, target_resource,"
      " cluster_name, success, start_time, execution_time) SELECT 'wf', 'ex-' || i, 'a', 't', 'c',"
      " false, now(), i FROM generate_series(1, 1203) AS i");
  ASSERT_TRUE(Export().has_value());
  ASSERT_EQ(lines_.size(), 1'203U);
  for (std::size_t i = 0; i < lines_.size(); ++i) {
    ASSERT_THAT(lines_[i], HasSubstr("\"execution_id\":\"ex-" + std::to_string(i + 1) + "\""));
  }
}

TEST_F(LegacyExportTest, SaysWhichTableIsNotTheOriginals) {
  Ask("ALTER TABLE workflow_audit DROP COLUMN phase");
  EXPECT_EQ(CodeOf(Export()), ErrorCode::kNotFound);
  Ask("DROP TABLE ai_analysis_audit");
  const auto missing = Export();
  ASSERT_EQ(CodeOf(missing), ErrorCode::kNotFound);
  EXPECT_THAT(missing.error().message, HasSubstr("ai_analysis_audit"));
}

TEST_F(LegacyExportTest, EndsWhenNobodyTakesTheLines) {
  AddRemediation("rr-1");
  const auto session = OpenSession(server_.Conninfo(database_));
  EXPECT_EQ(CodeOf(ExportLegacy(*session, {[](const std::string&) { return false; }, {}})),
            ErrorCode::kUnavailable);
}

}  // namespace
}  // namespace datastorage::postgres
