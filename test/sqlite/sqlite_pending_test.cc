// Pending rows in SQLite: bounds, and order under load.
#include "base/limits.h"
#include "sqlite/sqlite_fixture.h"

namespace datastorage {
namespace {

class PendingRows : public SqliteFixture {
 protected:
  PendingRows() {
    OpenStore();
    set_ = Register(kSpace, VectorSetState::kLive);
  }
  void Insert(std::size_t count) {
    ASSERT_TRUE(Connect()
                    ->Execute("fill",
                              "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n "
                              "WHERE i < " +
                                  std::to_string(count) +
                                  ") INSERT INTO pending_vector SELECT 1, "
                                  "CAST(printf('%016d', i) AS BLOB), i, 'due', 0, 0, 'backfill', 0 "
                                  "FROM n")
                    .has_value());
  }
  Result<std::vector<PendingVector>> Lease(int limit) {
    const WallTime now = clock_.WallNow();
    return store_->LeaseDue(
        set_, limit, {.now = now, .until = now + std::chrono::hours(1)}, Deadline::Never());
  }
  VectorSetId set_ = 0;
};

TEST_F(PendingRows, AreListedUpToTheirBound) {
  Insert(limits::kPendingIdCountMax);
  EXPECT_TRUE(store_->PendingIds(set_, Deadline::Never())->is_complete);
  Commit({Create("k1", "text")});
  const auto page = store_->PendingIds(set_, Deadline::Never());
  EXPECT_FALSE(page->is_complete);
  EXPECT_EQ(page->ids.size(), limits::kPendingIdCountMax);
}

TEST_F(PendingRows, AreLeasedTheLongestWaitingFirstAndOnce) {
  Insert(1'000);
  Stamp last = 0;
  for (int i = 0; i < 10; ++i) {
    const auto rows = Lease(100);
    ASSERT_EQ(rows->size(), 100U);
    for (const PendingVector& row : *rows) EXPECT_EQ(row.stamp, ++last);
  }
  EXPECT_TRUE(Lease(1)->empty());
}

TEST_F(PendingRows, WithAnUnknownReasonAreAnError) {
  Insert(1);
  ASSERT_TRUE(Connect()->Execute("damage", "UPDATE pending_vector SET reason = 'x'").has_value());
  EXPECT_EQ(store_->TallyPending(Deadline::Never()).error().code, ErrorCode::kInternal);
  EXPECT_EQ(Lease(1).error().code, ErrorCode::kInternal);
}

}  // namespace
}  // namespace datastorage
