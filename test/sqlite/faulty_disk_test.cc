// The disk fails or fills up under the store: after a failed sync nothing is acknowledged any more,
// and a full disk refuses writes only while it is full.
#include "sqlite/faulty_disk_fixture.h"

namespace datastorage {
namespace {

TEST_F(FaultyDiskTest, EndsWritingWhenASyncFails) {
  OpenFaulty();
  ASSERT_TRUE(TryCommit(Create("k1")).has_value());
  disk_.SetFault(DiskFault{.call = DiskCall::kSync, .code = SQLITE_IOERR_FSYNC});
  EXPECT_EQ(TryCommit(Create("k2")).error().code, ErrorCode::kOutcomeUnknown);
  EXPECT_EQ(durability_lost_count_, 1);
  // Later syncs may answer well although pages are lost: nothing is acknowledged any more.
  disk_.SetFault(std::nullopt);
  EXPECT_EQ(TryCommit(Create("k3")).error().code, ErrorCode::kUnavailable);
  EXPECT_EQ(store_->Check(Deadline::Never()).error().code, ErrorCode::kUnavailable);
  // What became of the second one cannot be told before a restart.
  const AttemptRef ref;
  EXPECT_EQ(store_->SettleAttempts({&ref, 1}, Deadline::Never()).error().code,
            ErrorCode::kUnavailable);
}

TEST_F(FaultyDiskTest, RefusesWritesOnAFullDiskAndGoesOnAfterwards) {
  OpenFaulty();
  disk_.SetFault(DiskFault{.code = SQLITE_FULL, .is_lasting = true});
  const CreateOp refused = Create("k1", "text");
  const Result<std::vector<WriteOutcome>> outcome = TryCommit(refused);
  ASSERT_FALSE(outcome.has_value());
  EXPECT_EQ(outcome.error().code, ErrorCode::kResourceExhausted);
  EXPECT_EQ(durability_lost_count_, 0);
  disk_.SetFault(std::nullopt);
  const RecordRef ref = refused.id;
  EXPECT_EQ(store_->Read(std::span(&ref, 1), "", Deadline::Never())->at(0).status,
            ReadStatus::kNotFound);
  EXPECT_EQ(TryCommit(refused)->at(0).status, WriteStatus::kCreated);
}

}  // namespace
}  // namespace datastorage
