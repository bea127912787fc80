#include "engine/reconcile_service.h"

#include <gmock/gmock.h>

#include "engine/separate_fixture.h"
#include "engine/set_mover.h"

namespace datastorage {
namespace {

using testing::HasSubstr;

class ReconcileServiceTest : public SeparateFixture {};

TEST_F(ReconcileServiceTest, MendsOnDemandOneRunAtATime) {
  const Record record = Create("rr-1", "disk full on one");
  ASSERT_TRUE(RunRelayUntilIdle());
  remote_.inner.Forget(record.id);
  ReconcileService reconciles(ThreadRuntime(), *store_, *sets_, metrics_);
  bool is_refused = false;
  reconciles.OnPending([&] {
    const auto second = reconciles.Run({}, Soon());
    is_refused = second.has_value() && !second->has_value();
  });
  const auto first = reconciles.Run({}, Soon());
  ASSERT_TRUE(first.has_value() && first->has_value());
  EXPECT_EQ((*first)->missing_count, 1);
  EXPECT_EQ((*first)->mended_count, 1);
  EXPECT_TRUE(is_refused);
  EXPECT_THAT(metrics_.Render(), HasSubstr("reconcile_differences_total{kind=\"missing\"} 1\n"));
  EXPECT_THAT(metrics_.Render(), HasSubstr("reconcile_differences_total{kind=\"stale\"} 0\n"));
  reconciles.Stop();
  EXPECT_EQ(reconciles.Run({}, Soon()).error().code, ErrorCode::kUnavailable);
}

// Every row of it would be taken for a difference, and draw a new stamp in both sets.
TEST_F(ReconcileServiceTest, LeavesASetAloneThatIsBeingFilled) {
  SwitchedVectorIndex next;
  engines_.push_back({"next", &next});
  Reopen();
  const Record record = Create("rr-1", "disk full on one");
  ASSERT_TRUE(RunRelayUntilIdle());
  SetMover mover(ThreadRuntime(), *store_, *sets_);
  ASSERT_TRUE(mover.Begin("next", Soon()).has_value());
  ReconcileService reconciles(ThreadRuntime(), *store_, *sets_, metrics_);
  const auto report = reconciles.Run({}, Soon());
  ASSERT_TRUE(report.has_value() && report->has_value());
  EXPECT_EQ((*report)->checked_count, 1);
  EXPECT_EQ((*report)->mended_count, 0);
  EXPECT_EQ((*report)->skipped_count, 1);
  EXPECT_TRUE(Pending().empty());
  const std::vector<PendingTally> tallies = store_->TallyPending(Soon()).value();
  ASSERT_EQ(tallies.size(), 1U);
  EXPECT_EQ(tallies[0].reason, PendingReason::kBackfill);
  // It goes first: it is of this test.
  Shutdown();
}

}  // namespace
}  // namespace datastorage
