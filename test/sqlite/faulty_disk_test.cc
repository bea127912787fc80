// The disk fails, fills up, or loses power under the store: what was acknowledged is there, what
// was refused is not, and after a failed sync nothing is acknowledged any more.
#include <sqlite3.h>

#include <set>

#include "sqlite/faulty_disk.h"
#include "sqlite/faulty_disk_vfs.h"
#include "sqlite/sqlite_fixture.h"

namespace datastorage {
namespace {

constexpr int kCutCount = 60;  // Of each kind of loss.

class FaultyDiskTest : public SqliteFixture {
 protected:
  ~FaultyDiskTest() override { store_.reset(); }  // Before the disk under it.

  void OpenFaulty() {
    store_.reset();
    auto opened = SqliteRecordStore::Open(
        {.directory = folder_.path(),
         .reader_count = 1,
         .clock = &clock_,
         .on_durability_lost = [this](std::string_view) { ++durability_lost_count_; },
         .vfs = FaultyVfs::kName});
    if (opened.has_value()) store_ = *std::move(opened);
  }
  Result<std::vector<WriteOutcome>> TryCommit(const WriteOp& operation) {
    return store_->Commit(std::span(&operation, 1), CommitMode::kEachForItself, Deadline::Never());
  }

  FaultyDisk disk_;
  FaultyVfs vfs_{disk_};
  int durability_lost_count_ = 0;
};

TEST_F(FaultyDiskTest, EndsWritingWhenASyncFails) {
  OpenFaulty();
  ASSERT_TRUE(TryCommit(Create("k1")).has_value());
  disk_.fails_syncs = true;
  EXPECT_EQ(TryCommit(Create("k2")).error().code, ErrorCode::kOutcomeUnknown);
  EXPECT_EQ(durability_lost_count_, 1);
  // Later syncs may answer well although pages are lost: nothing is acknowledged any more.
  disk_.fails_syncs = false;
  EXPECT_EQ(TryCommit(Create("k3")).error().code, ErrorCode::kUnavailable);
  EXPECT_EQ(store_->Check(Deadline::Never()).error().code, ErrorCode::kUnavailable);
}

TEST_F(FaultyDiskTest, RefusesWritesOnAFullDiskAndGoesOnAfterwards) {
  OpenFaulty();
  disk_.is_full = true;
  const CreateOp refused = Create("k1", "text");
  const Result<std::vector<WriteOutcome>> outcome = TryCommit(refused);
  ASSERT_FALSE(outcome.has_value());
  EXPECT_EQ(outcome.error().code, ErrorCode::kResourceExhausted);
  EXPECT_EQ(durability_lost_count_, 0);
  disk_.is_full = false;
  const RecordRef ref = refused.id;
  EXPECT_EQ(store_->Read(std::span(&ref, 1), "", Deadline::Never())->at(0).status,
            ReadStatus::kNotFound);
  EXPECT_EQ(TryCommit(refused)->at(0).status, WriteStatus::kCreated);
}

// One life of the store, ended by a power cut at a random write or sync.
class PowerCut : public FaultyDiskTest {
 protected:
  std::size_t acknowledged_count_ = 0;

  // How many acknowledged records are missing afterwards, or -1 when the file is damaged.
  int LoseAfterCut(PowerLoss loss, std::uint64_t seed) {
    std::mt19937_64 random(seed);
    disk_.CutPowerAfter(1 + static_cast<int>(random() % 1'500));
    OpenFaulty();
    std::vector<CreateOp> acknowledged;
    for (int i = 0; i < 1'000 && disk_.has_power() && store_ != nullptr; ++i) {
      const CreateOp create = Create("cut-" + std::to_string(static_cast<int>(loss)) + "-" +
                                         std::to_string(seed) + "-" + std::to_string(i),
                                     std::string(200 + random() % 4'000, 'x'));
      const Result<std::vector<WriteOutcome>> outcome = TryCommit(create);
      if (!outcome.has_value()) continue;
      EXPECT_EQ(outcome->at(0).status, WriteStatus::kCreated);
      acknowledged.push_back(create);
    }
    EXPECT_FALSE(disk_.has_power());
    store_.reset();
    disk_.Recover(loss, random);
    acknowledged_count_ += acknowledged.size();
    return CountMissing(acknowledged);
  }

  int CountMissing(const std::vector<CreateOp>& acknowledged) {
    auto opened = SqliteRecordStore::Open({.directory = folder_.path(), .reader_count = 1});
    if (!opened.has_value()) return -1;
    store_ = *std::move(opened);
    if (Query("PRAGMA integrity_check") != "ok") return -1;
    int missing = 0;
    for (const CreateOp& create : acknowledged) {
      const RecordRef ref = create.id;
      const auto read = store_->Read(std::span(&ref, 1), "", Deadline::Never());
      const bool is_whole = read.has_value() && read->at(0).status == ReadStatus::kFound &&
                            read->at(0).record.body == create.body;
      missing += is_whole ? 0 : 1;
    }
    return missing;
  }
};

TEST_F(PowerCut, LosesNothingThatWasAcknowledged) {
  for (const PowerLoss loss : {PowerLoss::kDropped, PowerLoss::kTorn, PowerLoss::kReordered}) {
    for (std::uint64_t seed = 0; seed < kCutCount; ++seed) {
      ASSERT_EQ(LoseAfterCut(loss, seed), 0)
          << "loss " << static_cast<int>(loss) << " seed " << seed;
    }
  }
  EXPECT_GT(acknowledged_count_, static_cast<std::size_t>(kCutCount));
  std::printf("acknowledged before %d cuts: %zu, lost: 0\n", 3 * kCutCount, acknowledged_count_);
}

// The test above can fail: on a disk that ignores syncs, each kind of loss shows.
TEST_F(PowerCut, ShowsOnADiskThatIgnoresSyncs) {
  for (const PowerLoss loss : {PowerLoss::kDropped, PowerLoss::kTorn, PowerLoss::kReordered}) {
    int lost_count = 0;
    for (std::uint64_t seed = 0; seed < 20; ++seed) {
      disk_.ignores_syncs = true;
      if (LoseAfterCut(loss, 1'000 + seed) != 0) ++lost_count;
      store_.reset();
      disk_.ignores_syncs = false;
      for (const char* file : {"/datastorage.db", "/datastorage.db-wal", "/datastorage.db-shm"}) {
        std::filesystem::remove(folder_.path() + file);
        disk_.Deleted(folder_.path() + file);
      }
    }
    std::printf("loss %d: seen after %d of 20 cuts\n", static_cast<int>(loss), lost_count);
    EXPECT_GT(lost_count, 0);
  }
}

}  // namespace
}  // namespace datastorage
