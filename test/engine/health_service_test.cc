#include "engine/health_service.h"

#include <gmock/gmock.h>

#include "engine/separate_fixture.h"

namespace datastorage {
namespace {

class BreakableProbe final : public HealthProbe {
 public:
  Result<void> Check(Deadline /*deadline*/) override {
    if (is_broken) return Unavailable("the disk is full");
    return {};
  }
  Result<std::vector<HealthWarning>> Warnings(Deadline /*deadline*/) override { return warnings; }
  bool is_broken = false;
  std::vector<HealthWarning> warnings;
};

class HealthServiceTest : public EngineFixture {
 protected:
  // A new one each time: a report is kept for a second.
  HealthReport Report() {
    HealthService health(ThreadRuntime(), probe_, *store_, *sets_, embedding_.get(), metrics_);
    return health.Report(Soon());
  }
  BreakableProbe probe_;
};

TEST_F(HealthServiceTest, IsReadyWithoutFindingsWhenAllIsWell) {
  const HealthReport report = Report();
  EXPECT_TRUE(report.is_ready);
  EXPECT_TRUE(report.findings.empty());
}

TEST_F(HealthServiceTest, IsNotReadyWhenNoDurableWriteIsPossible) {
  probe_.is_broken = true;
  const HealthReport report = Report();
  EXPECT_FALSE(report.is_ready);
  ASSERT_EQ(report.findings.size(), 1U);
  EXPECT_EQ(report.findings[0].component, "record_store");
  EXPECT_EQ(report.findings[0].reason, "the disk is full");
  EXPECT_NE(report.findings[0].since, WallTime{});
}

TEST_F(HealthServiceTest, StaysReadyUnderWarningsAndTellsThem) {
  probe_.warnings = {{"disk_nearly_full", "4 % of the disk are free"}};
  const HealthReport report = Report();
  EXPECT_TRUE(report.is_ready);
  ASSERT_EQ(report.findings.size(), 1U);
  EXPECT_EQ(report.findings[0].component, "record_store");
  EXPECT_EQ(report.findings[0].code, "disk_nearly_full");
}

TEST_F(HealthServiceTest, StaysReadyWithoutTheModelAndSaysWhatIsPending) {
  embedder_->FailWhere([](std::string_view) { return true; }, ErrorCode::kUnavailable);
  Create("rr-1", "disk full");
  const HealthReport report = Report();
  EXPECT_TRUE(report.is_ready);
  ASSERT_EQ(report.findings.size(), 2U);
  EXPECT_EQ(report.findings[0].component, "embedder");
  EXPECT_EQ(report.findings[1].component, "relay");
  EXPECT_EQ(report.findings[1].code, "embedder_unavailable");
}

TEST_F(HealthServiceTest, StaysReadyWithoutTheCacheAndSaysSo) {
  HealthService health(ThreadRuntime(), probe_, *store_, *sets_, embedding_.get(), metrics_);
  BreakableProbe cache;
  cache.is_broken = true;
  health.AlsoProbe("cache", cache);
  const HealthReport report = health.Report(Soon());
  EXPECT_TRUE(report.is_ready);
  ASSERT_EQ(report.findings.size(), 1U);
  EXPECT_EQ(report.findings[0].component, "cache");
  EXPECT_EQ(report.findings[0].code, "unavailable");
}

TEST_F(HealthServiceTest, RendersThePendingRowsAsGauges) {
  embedder_->FailWhere([](std::string_view) { return true; }, ErrorCode::kUnavailable);
  Create("rr-1", "disk full");
  HealthService health(ThreadRuntime(), probe_, *store_, *sets_, embedding_.get(), metrics_);
  health.RefreshGauges(Soon());
  EXPECT_THAT(metrics_.Render(),
              testing::HasSubstr("datastorage_pending_vectors{reason=\"embedder_"
                                 "unavailable\",set=\"1\"} 1"));
  embedder_->Heal();
  ASSERT_TRUE(RunRelayUntilIdle());
  health.RefreshGauges(Soon());
  EXPECT_THAT(metrics_.Render(), testing::Not(testing::HasSubstr("datastorage_pending_vectors{")));
}

class SeparateHealthTest : public SeparateFixture {
 protected:
  // Of a report: component and code of what is not well, but for rows that wait.
  std::vector<std::string> Findings() {
    HealthService health(ThreadRuntime(), probe_, *store_, *sets_, embedding_.get(), metrics_);
    const HealthReport report = health.Report(Soon());
    EXPECT_TRUE(report.is_ready);
    std::vector<std::string> found;
    for (const HealthFinding& finding : report.findings) {
      if (finding.component != "relay") found.push_back(finding.component + "/" + finding.code);
    }
    health.RefreshGauges(Soon());
    return found;
  }
  bool IsSpared() {
    return metrics_.Render().find("datastorage_vector_index_spared{set=\"2\"} 1") !=
           std::string::npos;
  }

  BreakableProbe probe_;
};

TEST_F(SeparateHealthTest, NamesAnIndexOnAnotherServerThatFailsOrWasNeverReached) {
  EXPECT_THAT(Findings(), testing::IsEmpty());
  EXPECT_FALSE(IsSpared());
  remote_.is_down = remote_.is_down_from_the_start = true;
  for (int i = 0; i < 5; ++i) Create("rr-" + std::to_string(i), "disk full");
  EXPECT_THAT(Findings(), testing::ElementsAre("vector_index/unavailable"));
  EXPECT_TRUE(IsSpared());
  Reopen();
  EXPECT_THAT(Findings(), testing::ElementsAre("vector_index/not_in_use"));
  EXPECT_TRUE(IsSpared());
  remote_.is_down = false;
  ASSERT_TRUE(RunRelayUntilIdle());
  EXPECT_THAT(Findings(), testing::IsEmpty());
  EXPECT_FALSE(IsSpared());
}

}  // namespace
}  // namespace datastorage
