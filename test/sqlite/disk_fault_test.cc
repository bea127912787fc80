// The nth call of the file layer fails, for n = 1, 2, … until none fails: a call of the store that
// answers an error has changed nothing or says that it does not know, and a restart finds what was
// acknowledged.
#include <algorithm>
#include <functional>

#include "sqlite/faulty_disk_fixture.h"
#include "support/store_journal.h"

namespace datastorage {
namespace {

struct FaultKind {
  const char* name;
  DiskFault fault;
};

// How a run goes on when the fault has been met.
enum class Then : std::uint8_t { kGoesOn, kFaultLasts, kProcessIsKilled };
constexpr std::array kThens{Then::kGoesOn, Then::kFaultLasts, Then::kProcessIsKilled};
constexpr std::array<const char*, 3> kThenNames{"", ", lasting", ", then killed"};

// is_lasting and nth are set by the test.
constexpr std::array kKinds{
    FaultKind{"disk full", {.call = DiskCall::kWrite, .code = SQLITE_FULL}},
    FaultKind{"write error", {.call = DiskCall::kWrite, .code = SQLITE_IOERR_WRITE}},
    FaultKind{"short write, disk full",
              {.call = DiskCall::kWrite, .code = SQLITE_FULL, .is_short = true}},
    FaultKind{"short write, error",
              {.call = DiskCall::kWrite, .code = SQLITE_IOERR_WRITE, .is_short = true}},
    FaultKind{"sync error", {.call = DiskCall::kSync, .code = SQLITE_IOERR_FSYNC}},
    FaultKind{"truncate error", {.call = DiskCall::kCut, .code = SQLITE_IOERR_TRUNCATE}},
    FaultKind{"read error", {.call = DiskCall::kRead, .code = SQLITE_IOERR_READ}},
    FaultKind{"open error", {.call = DiskCall::kOpen, .code = SQLITE_CANTOPEN}},
};

// What one sweep saw.
struct SweepTally {
  int fired_count = 0;    // Runs in which the fault was met.
  int refused_count = 0;  // Calls of the store that answered an error and changed nothing.
  int ended_count = 0;    // Runs that the store ended, for it did not know what is on the disk.
  int unopened_count = 0;
  std::size_t acknowledged_count = 0;
};

class DiskFaults : public FaultyDiskTest {
 protected:
  using Calls = std::vector<std::function<bool(StoreJournal&)>>;

  // A store with some records, to start every run from.
  void MakeTemplate() {
    OpenFaulty();
    ASSERT_NE(store_, nullptr);
    ASSERT_TRUE(journal_.Call(*store_, CallKind::kDurable, [](RecordStore& store) {
      return RegisterSet(store, kSpace, VectorSetState::kLive);
    }));
    for (CreateOp& create : known_) {
      create = Create("known-" + std::to_string(&create - known_.data()), "a pod restarts");
      ASSERT_TRUE(TryBoth({create}));
    }
    template_state_ = journal_.model().State();
    store_.reset();
    std::filesystem::copy_file(DatabasePath(), TemplatePath());
  }
  static Result<VectorSet> RegisterSet(RecordStore& store,
                                       const std::string& space,
                                       VectorSetState state) {
    return store.RegisterSet({.engine = "scan", .space = space, .projection = "", .state = state},
                             Deadline::Never());
  }
  std::string TemplatePath() const { return DatabasePath() + ".template"; }

  bool TryBoth(const std::vector<WriteOp>& operations) {
    return journal_.Call(*store_, CallKind::kDurable, [&](RecordStore& store) {
      return store.Commit(operations, CommitMode::kEachForItself, Deadline::Never());
    });
  }

  // Every kind of operation, each in a call of its own. The stamps of intents are those that they
  // get when nothing failed before; when something did, they are fenced.
  Calls AllCalls() {
    CreateOp create = Create("new-1", "the node is out of memory");
    create.embeddings = {EmbeddingOf("the node is out of memory")};
    create.claim = IdempotencyClaim{"claim-1", Sha256Of({"request"})};
    UpdateOp update = Update(known_[0], 1, "the pod restarts again");
    const StoreEmbeddingOp embed{known_[1].id, EmbeddingOf("a pod restarts")};
    CreateOp finish = Create("new-2", "strict");
    CreateOp abort = Create("new-3", "given up");
    finish.consumes_intent = journal_.model().State()->next_stamp + 3;
    const Stamp aborted = *finish.consumes_intent + 1;
    const EraseOp erase{
        known_[2].id, SystemUuidSource().MakeVersion4(), clock_.WallNow(), "operator", "asked to"};
    Calls calls;
    for (const std::vector<WriteOp>& span :
         std::vector<std::vector<WriteOp>>{{create, update},
                                           {embed},
                                           {IntentOf(finish), IntentOf(abort)},
                                           {finish, AbortIntentOp{abort.id, aborted}},
                                           {erase, EnqueuePendingOp{1, known_[3].id}}}) {
      calls.emplace_back([this, span](StoreJournal&) { return TryBoth(span); });
    }
    calls.insert(calls.begin() + 3,
                 [this](StoreJournal& journal) { return LeaseAndFail(journal); });
    calls.emplace_back([this](StoreJournal& journal) {
      return journal.Call(*store_, CallKind::kDurable, [](RecordStore& store) {
        return RegisterSet(store, "other/t1", VectorSetState::kFilling);
      });
    });
    calls.emplace_back([this](StoreJournal& journal) {
      return journal.Call(*store_, CallKind::kDurable, [](RecordStore& store) {
        return store.RaiseStamps(1'000, Deadline::Never());
      });
    });
    return calls;
  }

  bool LeaseAndFail(StoreJournal& journal) {
    const WallTime now = clock_.WallNow();
    std::vector<PendingVector> rows;
    const auto lease = [&](RecordStore& store) {
      auto leased = store.LeaseDue(1, 3, {now, now + std::chrono::hours(1)}, Deadline::Never());
      if (leased.has_value()) rows = *leased;
      return leased;
    };
    return journal.Call(*store_, CallKind::kLight, lease) &&
           journal.Call(*store_, CallKind::kLight, [&](RecordStore& store) {
             return store.Fail(rows, PendingReason::kEmbedderBusy, now, Deadline::Never());
           });
  }

  // One run with the fault at the nth call. False when that call was never made.
  bool Run(const FaultKind& kind, int nth, Then then, SweepTally& tally) {
    SCOPED_TRACE(std::string(kind.name) + " at call " + std::to_string(nth) +
                 kThenNames[static_cast<std::size_t>(then)]);
    StartAnew();
    std::filesystem::copy_file(TemplatePath(), DatabasePath());
    journal_.Begin(template_state_);
    const std::size_t acknowledged_before = journal_.acknowledged_count();
    DiskFault fault = kind.fault;
    fault.nth = nth;
    fault.is_lasting = then == Then::kFaultLasts;
    disk_.SetFault(fault);
    OpenFaulty();
    tally.unopened_count += store_ == nullptr ? 1 : 0;
    bool is_killed = false;
    for (const auto& call : calls_) {
      if (store_ == nullptr || durability_lost_count_ > 0 || is_killed) break;
      if (call(journal_) || durability_lost_count_ > 0) continue;
      ++tally.refused_count;
      is_killed = then == Then::kProcessIsKilled;
    }
    const bool has_fired = disk_.fired_count() > 0;
    tally.ended_count += durability_lost_count_;
    tally.fired_count += has_fired ? 1 : 0;
    disk_.SetFault(std::nullopt);
    is_killed = is_killed || durability_lost_count_ > 0;
    // Once the disk is well again, so is a store that did not end the process.
    if (store_ != nullptr && !is_killed) {
      EXPECT_TRUE(TryBoth({Create("afterwards", "all is well")}));
    }
    Restart(kind, is_killed);
    tally.acknowledged_count += journal_.acknowledged_count() - acknowledged_before;
    return has_fired;
  }

  // A process that ended, and the next one. After a failed sync the pages of it may be gone.
  void Restart(const FaultKind& kind, bool is_killed) {
    const bool loses_pages = durability_lost_count_ > 0 && kind.fault.call == DiskCall::kSync;
    if (is_killed) disk_.CutPowerAfter(0);  // Nothing is tidied up.
    store_.reset();
    std::mt19937_64 random(1);
    LossTally ignored;
    if (loses_pages) disk_.Recover(PowerLoss::kDropped, random, ignored);
    disk_.Forget();
    OpenFaulty();
    ASSERT_NE(store_, nullptr);
    EXPECT_TRUE(IsSound());
    EXPECT_EQ(journal_.Compare(DumpOfDirectory(folder_.path())), 0);
  }

  SpacedEmbedding EmbeddingOf(const std::string& text) {
    SpacedEmbedding embedding{kSpace, Sha256Of({text}), {}};
    embedding.vector[0] = 1;
    return embedding;
  }
  BeginIntentOp IntentOf(const CreateOp& create) {
    return {.id = create.id,
            .kind = KindOf(create.body),
            .natural_key = NaturalKeyOf(create.body),
            .content_hash = create.content_hash,
            .claim = std::nullopt,
            .now = clock_.WallNow(),
            .lease_until = clock_.WallNow() + std::chrono::minutes(1)};
  }

  StoreJournal journal_{clock_};
  std::array<CreateOp, 4> known_;
  std::shared_ptr<const FakeState> template_state_;
  Calls calls_;
};

TEST_F(DiskFaults, ChangeNothingOrSayThatTheyMayHave) {
  MakeTemplate();
  calls_ = AllCalls();
  for (const FaultKind& kind : kKinds) {
    for (const Then then : kThens) {
      SweepTally tally;
      {
        const SilentLog silent;
        for (int nth = 1; Run(kind, nth, then, tally); ++nth) {
          if (HasFailure()) break;
        }
      }
      ASSERT_FALSE(HasFailure()) << kind.name;
      std::printf(
          "%s%s: n = 1…%d; store calls refused %d, runs ended %d, starts refused %d, "
          "commits acknowledged %zu, lost 0\n",
          kind.name,
          kThenNames[static_cast<std::size_t>(then)],
          tally.fired_count,
          tally.refused_count,
          tally.ended_count,
          tally.unopened_count,
          tally.acknowledged_count);
      EXPECT_GT(tally.fired_count, 0);
    }
  }
}

// So that the sweep reaches all of them.
TEST_F(DiskFaults, MeetEveryKindOfOperation) {
  MakeTemplate();
  calls_ = AllCalls();
  OpenFaulty();
  for (const auto& call : calls_) EXPECT_TRUE(call(journal_));
  const std::shared_ptr<const FakeState> state = journal_.model().State();
  EXPECT_EQ(state->records.size(), known_.size() + 1);  // Two created, one erased.
  EXPECT_EQ(state->erasures.size(), 1U);
  EXPECT_EQ(state->embeddings.size(), 2U);
  EXPECT_EQ(state->records.at(known_[0].id).current().version, 2);
  EXPECT_EQ(state->sets.size(), 2U);
  EXPECT_EQ(state->next_stamp, 1'001);
  EXPECT_TRUE(std::none_of(state->keys.begin(), state->keys.end(), [](const auto& key) {
    return key.second.intent_stamp.has_value();
  }));
}

}  // namespace
}  // namespace datastorage
