// The power goes off at any write or sync: what was acknowledged is there afterwards, whole and
// once, and nothing is there that was neither acknowledged nor under way.
#include <algorithm>
#include <map>

#include "sqlite/faulty_disk_fixture.h"
#include "support/random_spans.h"
#include "support/store_journal.h"

namespace datastorage {
namespace {

constexpr int kCutCount = 340;     // Of each kind of loss.
constexpr int kWeakCutCount = 30;  // Of each kind, with syncs left out.
constexpr int kCutsAWorld = 8;     // Then the next one starts with an empty folder.
constexpr std::size_t kIdCount = 160;

struct LifeLength {
  CutSteps steps = CutSteps::kAll;
  std::uint64_t step_count_max = 1;
};
constexpr std::array kLifeLengths{LifeLength{CutSteps::kAll, 600},
                                  LifeLength{CutSteps::kAll, 600},
                                  LifeLength{CutSteps::kOfDatabase, 60},
                                  LifeLength{CutSteps::kNoWrites, 20}};

constexpr std::array kLosses{PowerLoss::kDropped, PowerLoss::kTorn, PowerLoss::kReordered};
constexpr std::array<std::string_view, 3> kLossNames{"dropped", "torn", "reordered"};

// What became of a number of cuts.
struct CutTally {
  int cut_count = 0;
  int lossy_count = 0;    // After which an acknowledged call was lost,
  int lost_count = 0;     // so many in all.
  int damaged_count = 0;  // After which the file is unsound, or in a state that never was.
  int kept_count = 0;     // After which the call under way turned out to have happened.
  std::size_t acknowledged_count = 0;
  LossTally writes;
  std::map<std::string, int> broken_off;
};

// A store in a folder of its own, from one cut to the next.
class PowerCut : public FaultyDiskTest {
 protected:
  CutTally CutOften(PowerLoss loss, int count, std::uint64_t first_seed) {
    const SilentLog silent;
    CutTally tally;
    int cuts_left = 0;
    for (int i = 0; i < count; ++i) {
      const std::uint64_t seed = first_seed + static_cast<std::uint64_t>(i);
      if (cuts_left-- == 0) {
        StartAnew();
        spans_.emplace(seed, kIdCount);
        journal_ = std::make_unique<StoreJournal>(clock_);
        cuts_left = kCutsAWorld - 1;
      }
      SCOPED_TRACE(std::string(kLossNames[static_cast<std::size_t>(loss)]) + ", seed " +
                   std::to_string(seed));
      const std::size_t before = journal_->acknowledged_count();
      LiveUntilCut(seed);
      tally.acknowledged_count += journal_->acknowledged_count() - before;
      ++tally.cut_count;
      ++tally.broken_off[disk_.broken_off];
      store_.reset();
      std::mt19937_64 random(seed);
      disk_.Recover(loss, random, tally.writes);
      // Only a sound store is cut again.
      if (!Examine(tally)) cuts_left = 0;
    }
    StartAnew();
    return tally;
  }

 private:
  void LiveUntilCut(std::uint64_t seed) {
    std::mt19937_64 random(seed);
    const LifeLength& length = kLifeLengths[random() % kLifeLengths.size()];
    const int step_count = 1 + static_cast<int>(random() % length.step_count_max);
    const bool is_while_opening = random() % 3 == 0;
    if (is_while_opening) disk_.CutPowerAfter(step_count, length.steps);
    OpenFaulty();
    if (!is_while_opening) disk_.CutPowerAfter(step_count, length.steps);
    attempts_.clear();
    while (store_ != nullptr && Step()) {
      ASSERT_TRUE(disk_.has_power());
    }
    EXPECT_FALSE(disk_.has_power());
  }

  // One call; false once the power is gone.
  bool Step() {
    clock_.Advance(std::chrono::minutes(1));
    RandomRecords& random = spans_->random();
    const Deadline never = Deadline::Never();
    const WallTime now = clock_.WallNow();
    const std::size_t form = random.Below(100);
    if (journal_->model().Sets(never)->empty() || form < 4) return ChangeSets();
    if (form < 80) return CommitSpan();
    if (form < 92) return LeaseAndFinish();
    const auto floor = static_cast<Stamp>(random.Below(1'000));
    return journal_->Call(*store_, CallKind::kDurable, [&](RecordStore& store) {
      return form < 96 ? store.RaiseStamps(floor, never) : store.Release(1, now, never);
    });
  }

  bool CommitSpan() {
    const std::vector<WriteOp> operations = spans_->Next(clock_.WallNow());
    const CommitMode mode =
        spans_->random().Chance(80) ? CommitMode::kEachForItself : CommitMode::kAllOrNothing;
    attempts_.clear();
    for (const WriteOp& operation : operations) NoteAttempt(operation);
    std::vector<WriteOutcome> outcomes;
    const auto commit = [&](RecordStore& store) {
      auto answer = store.Commit(operations, mode, Deadline::Never());
      if (answer.has_value()) outcomes = *answer;
      return answer;
    };
    if (!journal_->Call(*store_, CallKind::kDurable, commit)) return false;
    spans_->Learn(operations, outcomes);
    return true;
  }

  void NoteAttempt(const WriteOp& operation) {
    const auto note = [this](const auto& of_type) {
      if constexpr (requires { of_type.attempt; }) {
        attempts_.push_back({of_type.id, of_type.attempt});
      }
    };
    std::visit(note, operation);
  }

  bool LeaseAndFinish() {
    RandomRecords& random = spans_->random();
    const WallTime now = clock_.WallNow();
    const auto set = static_cast<VectorSetId>(1 + random.Below(2));
    std::vector<PendingVector> rows;
    const auto lease = [&](RecordStore& store) {
      auto leased = store.LeaseDue(
          set, 8, {.now = now, .until = now + std::chrono::minutes(3)}, Deadline::Never());
      if (leased.has_value()) rows = *leased;
      return leased;
    };
    if (!journal_->Call(*store_, CallKind::kLight, lease)) return false;
    const std::size_t form = random.Below(3);
    return journal_->Call(*store_, CallKind::kLight, [&](RecordStore& store) {
      if (form == 0) return store.Settle(rows, Deadline::Never());
      if (form == 1) return store.Park(rows, Deadline::Never());
      return store.Fail(rows, PendingReason::kEmbedderBusy, now, Deadline::Never());
    });
  }

  bool ChangeSets() {
    RandomRecords& random = spans_->random();
    const VectorSet set{.engine = "scan",
                        .space = spans_->Spaces()[random.Below(2)],
                        .projection = "",
                        .state = static_cast<VectorSetState>(random.Below(2))};
    return journal_->Call(*store_, CallKind::kDurable, [&](RecordStore& store) {
      return store.RegisterSet(set, Deadline::Never());
    });
  }

  // Opens what the cut left. False when it is not what it must be.
  bool Examine(CutTally& tally) {
    OpenFaulty();
    const int lost_count =
        store_ != nullptr && IsSound() ? journal_->Compare(DumpOfDirectory(folder_.path())) : -1;
    tally.damaged_count += lost_count < 0 ? 1 : 0;
    tally.lossy_count += lost_count > 0 ? 1 : 0;
    tally.lost_count += std::max(lost_count, 0);
    if (lost_count != 0) return false;
    tally.kept_count += journal_->has_kept_in_flight() ? 1 : 0;
    // As readers and the writer whose answer was lost see it.
    const std::vector<RecordRef> refs(spans_->ids().begin(), spans_->ids().end());
    const auto read = [&](RecordStore& store) {
      return TextOf(store.Read(refs, spans_->Spaces()[0], Deadline::Never())) +
             TextOf(store.SettleAttempts(attempts_, Deadline::Never()));
    };
    EXPECT_EQ(read(*store_), read(journal_->model()));
    store_.reset();
    disk_.Forget();
    return true;
  }

  std::unique_ptr<StoreJournal> journal_;
  std::optional<RandomSpans> spans_;
  std::vector<AttemptRef> attempts_;  // Of the last commit.
};

TEST_F(PowerCut, LosesNothingThatWasAcknowledged) {
  CutTally all;
  for (const PowerLoss loss : kLosses) {
    const CutTally tally = CutOften(loss, kCutCount, 0);
    EXPECT_EQ(tally.lossy_count, 0) << kLossNames[static_cast<std::size_t>(loss)];
    EXPECT_EQ(tally.damaged_count, 0) << kLossNames[static_cast<std::size_t>(loss)];
    all.cut_count += tally.cut_count;
    all.lost_count += tally.lost_count;
    all.kept_count += tally.kept_count;
    all.acknowledged_count += tally.acknowledged_count;
    all.writes.dropped += tally.writes.dropped;
    all.writes.torn += tally.writes.torn;
    all.writes.reordered += tally.writes.reordered;
    for (const auto& [what, count] : tally.broken_off) all.broken_off[what] += count;
  }
  std::string broken_off;
  for (const auto& [what, count] : all.broken_off) {
    broken_off += ", " + what + " " + std::to_string(count);
  }
  std::printf(
      "power cuts: %d (in%s); writes dropped %d, torn %d, reordered %d; commits acknowledged %zu, "
      "lost %d; under way and kept %d\n",
      all.cut_count,
      broken_off.substr(1).c_str(),
      all.writes.dropped,
      all.writes.torn,
      all.writes.reordered,
      all.acknowledged_count,
      all.lost_count,
      all.kept_count);
  EXPECT_GE(all.cut_count, 1'000);
  EXPECT_GT(all.writes.dropped, 1'000);
  EXPECT_GT(all.writes.torn, 1'000);
  EXPECT_GT(all.writes.reordered, 1'000);
  EXPECT_GT(all.acknowledged_count, 1'000U);
  EXPECT_GT(all.kept_count, 0);  // Reached the disk, though nobody was told.
  for (const char* what : {"log write", "log sync", "log cut", "database write", "database sync"}) {
    EXPECT_GT(all.broken_off[what], 0) << what;
  }
}

// What the test above would show if the store asked for less: each kind of loss alone.
class PowerCutUnder : public PowerCut, public testing::WithParamInterface<char> {};

TEST_P(PowerCutUnder, LessThanFullSynchronousLosesOrDamages) {
  disk_.forced_synchronous = GetParam();
  int acknowledged_count = 0;
  for (const PowerLoss loss : kLosses) {
    const CutTally tally = CutOften(loss, kWeakCutCount, 10'000);
    acknowledged_count += static_cast<int>(tally.acknowledged_count);
    const std::string_view name = kLossNames[static_cast<std::size_t>(loss)];
    std::printf(
        "synchronous=%c, %s alone: %d cuts, %d lost acknowledged commits (%d), %d damaged\n",
        GetParam(),
        std::string(name).c_str(),
        tally.cut_count,
        tally.lossy_count,
        tally.lost_count,
        tally.damaged_count);
    EXPECT_GT(tally.lossy_count + tally.damaged_count, 0) << name;
    // With NORMAL the file stays sound: only the last commits are lost.
    EXPECT_TRUE(GetParam() == '0' || tally.damaged_count == 0) << name;
  }
  // It was indeed in force: with FULL, every commit syncs.
  EXPECT_LT(disk_.sync_count, acknowledged_count);
}

INSTANTIATE_TEST_SUITE_P(Levels,
                         PowerCutUnder,
                         testing::Values('0', '1'),
                         [](const auto& level) -> std::string {
                           return level.param == '0' ? "Off" : "Normal";
                         });

}  // namespace
}  // namespace datastorage
