#include "domain/records.h"

#include <gtest/gtest.h>

#include <set>

namespace datastorage {
namespace {

TEST(Records, AreNamedAsPathsSpellThem) {
  const std::vector<std::pair<RecordKind, std::string_view>> names{
      {RecordKind::kRemediation, "remediation"},
      {RecordKind::kAiAnalysis, "aianalysis"},
      {RecordKind::kWorkflow, "workflow"},
      {RecordKind::kExecution, "execution"}};
  EXPECT_EQ(names.size(), std::size_t{kRecordKindCount});
  for (const auto& [kind, name] : names) {
    EXPECT_EQ(NameOf(kind), name);
    EXPECT_EQ(ParseRecordKind(name), kind);
  }
  EXPECT_EQ(ParseRecordKind("Remediation"), std::nullopt);
  EXPECT_EQ(ParseRecordKind(""), std::nullopt);
}

TEST(Records, HaveTheirKindAndNaturalKey) {
  Remediation remediation;
  remediation.remediation_request_id = "r";
  AiAnalysis analysis;
  analysis.remediation_request_id = "r";
  analysis.analysis_id = "a";
  Workflow workflow;
  workflow.remediation_request_id = "r";
  workflow.workflow_id = "w";
  Execution execution;
  execution.workflow_id = "w";
  execution.execution_id = "e";
  const std::vector<RecordBody> bodies{remediation, analysis, workflow, execution};
  const std::vector<std::string> keys{"r", "a", "w", "e"};
  for (std::size_t i = 0; i < bodies.size(); ++i) {
    EXPECT_EQ(KindOf(bodies[i]), static_cast<RecordKind>(i));
    EXPECT_EQ(NaturalKeyOf(bodies[i]), keys[i]);
  }
}

TEST(PendingReason, ComesBackFromItsName) {
  std::set<std::string_view> names;
  for (int i = 0; i < kPendingReasonCount; ++i) {
    const auto reason = static_cast<PendingReason>(i);
    EXPECT_EQ(ParsePendingReason(NameOf(reason)), reason);
    names.insert(NameOf(reason));
  }
  EXPECT_EQ(names.size(), std::size_t{kPendingReasonCount});
  EXPECT_EQ(ParsePendingReason("because"), std::nullopt);
}

}  // namespace
}  // namespace datastorage
