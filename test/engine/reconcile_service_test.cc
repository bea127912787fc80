#include "engine/reconcile_service.h"

#include "engine/separate_fixture.h"

namespace datastorage {
namespace {

class ReconcileServiceTest : public SeparateFixture {};

TEST_F(ReconcileServiceTest, MendsOnDemandOneRunAtATime) {
  const Record record = Create("rr-1", "disk full on one");
  ASSERT_TRUE(RunRelayUntilIdle());
  remote_.inner.Forget(record.id);
  ReconcileService reconciles(ThreadRuntime(), *store_, *sets_);
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
  reconciles.Stop();
  EXPECT_EQ(reconciles.Run({}, Soon()).error().code, ErrorCode::kUnavailable);
}

}  // namespace
}  // namespace datastorage
