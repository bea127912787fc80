#include "schema/embedded_text.h"

#include <gtest/gtest.h>

#include "schema/text.h"

namespace datastorage::schema {
namespace {

TEST(EmbeddedText, JoinsItsPartsInOrder) {
  Execution execution;
  execution.error_message = "exit  code 1";
  execution.summary = "It\nfailed.";
  EXPECT_EQ(EmbeddedText(execution), "It failed.\nexit code 1");
  execution.summary = " \u3000";
  EXPECT_EQ(EmbeddedText(execution), "exit code 1");
  execution.error_message = "";
  EXPECT_EQ(EmbeddedText(execution), std::nullopt);
  execution.error_message.reset();
  execution.summary.reset();
  EXPECT_EQ(EmbeddedText(execution), std::nullopt);
}

TEST(EmbeddedText, TakesTheRecommendationForAnAbsentRootCause) {
  AiAnalysis analysis;
  analysis.summary = "s";
  analysis.root_cause = "A leak.";
  analysis.recommendation = "Restart.";
  EXPECT_EQ(EmbeddedText(analysis), "s\nA leak.");
  analysis.root_cause = " ";
  EXPECT_EQ(EmbeddedText(analysis), "s\nRestart.");
  analysis.root_cause.reset();
  EXPECT_EQ(EmbeddedText(analysis), "s\nRestart.");
}

TEST(EmbeddedText, HoldsNoOtherMember) {
  Remediation remediation;
  remediation.name = remediation.namespace_ = remediation.action_type = remediation.status = "x";
  remediation.target_resource = remediation.cluster_name = remediation.actor = "x";
  remediation.metadata = JsonObjectText{R"({"x":"x"})"};
  EXPECT_EQ(EmbeddedText(remediation), std::nullopt);
}

TEST(EmbeddedText, IsCutAtAThousandCodePoints) {
  Workflow workflow;
  workflow.summary = std::string();
  for (int i = 0; i < 1'500; ++i) *workflow.summary += "😀";
  const std::string text = EmbeddedText(workflow).value();
  EXPECT_EQ(text.size(), 4'000U);
  EXPECT_EQ(CodePointCount(text), 1'000U);
}

TEST(EmbeddedText, HasAHashOfItsOwn) {
  EXPECT_EQ(EmbeddedTextHash("a"), EmbeddedTextHash("a"));
  EXPECT_NE(EmbeddedTextHash("a"), EmbeddedTextHash("b"));
}

}  // namespace
}  // namespace datastorage::schema
