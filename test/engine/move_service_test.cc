#include "engine/move_service.h"

#include <gmock/gmock.h>

#include "engine/separate_fixture.h"
#include "fake/forwarding_record_store.h"

namespace datastorage {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// Like PostgreSQL's: what registers a set may be cut short, and goes on with the next call.
class HaltingStore final : public ForwardingRecordStore {
 public:
  using ForwardingRecordStore::ForwardingRecordStore;

  Result<std::vector<VectorSet>> Sets(Deadline deadline) override {
    DS_ASSIGN_OR_RETURN(std::vector<VectorSet> sets, ForwardingRecordStore::Sets(deadline));
    if (prepared.has_value()) sets.push_back(*prepared);
    return sets;
  }
  Result<VectorSet> RegisterSet(const VectorSet& set, Deadline deadline) override {
    ++register_count;
    if (halts == 0) return ForwardingRecordStore::RegisterSet(set, deadline);
    prepared = set;
    prepared->id = kPreparedId;
    prepared->state = VectorSetState::kPreparing;
    return Halt();
  }
  Result<void> ChangeSetState(VectorSetId set,
                              VectorSetState from,
                              VectorSetState to,
                              Deadline deadline) override {
    if (const auto hook = std::exchange(before_change, nullptr)) hook();
    if (set != kPreparedId) return ForwardingRecordStore::ChangeSetState(set, from, to, deadline);
    if (!prepared.has_value() || from != VectorSetState::kPreparing) return Conflict("is retired");
    if (to == VectorSetState::kFilling && halts > 0) return Halt();
    VectorSet known = *std::exchange(prepared, std::nullopt);
    known.state = VectorSetState::kFilling;
    if (to == VectorSetState::kFilling) {
      DS_RETURN_IF_ERROR(ForwardingRecordStore::RegisterSet(known, deadline));
    }
    return {};
  }

  static constexpr VectorSetId kPreparedId = 99;
  std::optional<VectorSet> prepared;
  std::atomic<int> halts = 0;  // Calls to come that take too long.
  int register_count = 0;
  std::function<void()> at_halt;
  std::function<void()> before_change;

 private:
  Error Halt() {
    --halts;
    if (at_halt) at_halt();
    return DeadlineExceeded("a page more each time");
  }
};

// Searches use `remote_`; new sets are of `next_`.
class MoveServiceTest : public SeparateFixture {
 protected:
  MoveServiceTest() { ReopenWith({{"next", &next_}, {"remote", &remote_}}); }
  ~MoveServiceTest() override {
    moves_.reset();
    // They use the indexes of this fixture, which go first.
    Shutdown();
  }

  void ReopenWith(std::vector<VectorEngine> engines) {
    moves_.reset();
    engines_ = std::move(engines);
    Reopen();
    halting_ = std::make_unique<HaltingStore>(*store_);
    moves_ = std::make_unique<MoveService>(ThreadRuntime(), *halting_, *sets_);
  }
  std::vector<std::string> Seen() {
    std::vector<std::string> seen;
    const MoveReport report = moves_->Report(Soon()).value();
    for (const MovePlace& place : report.places) {
      seen.push_back(place.set.engine + " " + std::string(NameOf(place.set.state)));
    }
    return seen;
  }
  // Parks the row of what the index of the new set refuses.
  void ParkOne(RecordId id, VectorSetId set) {
    const Lease lease{.now = ThreadRuntime().WallNow(), .until = ThreadRuntime().WallNow()};
    const auto rows = store_->LeaseDue(set, 100, lease, Soon());
    ASSERT_TRUE(rows.has_value());
    for (const PendingVector& row : *rows) {
      if (row.id != id) continue;
      ASSERT_TRUE(store_->Park({&row, 1}, Soon()).has_value());
    }
  }

  // Leaves a set behind as a service does that is killed while it begins a move.
  void KillWhileItBegins() {
    halting_->halts = 1;
    VectorSet wanted;
    wanted.engine = "next";
    wanted.space = sets_->Space();
    wanted.pending_rule = PendingRule::kEverySet;
    ASSERT_FALSE(halting_->RegisterSet(wanted, Soon()).has_value());
  }

  SwitchedVectorIndex next_;
  std::unique_ptr<HaltingStore> halting_;
  std::unique_ptr<MoveService> moves_;
};

TEST_F(MoveServiceTest, MovesSearchesWhenNothingOfBeforeIsLeftAndTellsHowFarThatIs) {
  const Record first = Create("rr-1", "disk full");
  const Record second = Create("rr-2", "disk full");
  ASSERT_TRUE(settler_->RunOnce().has_value());
  EXPECT_FALSE(moves_->Report(Soon())->is_moving);

  const MoveReport begun = moves_->Begin(Soon()).value();
  EXPECT_TRUE(begun.is_moving);
  EXPECT_EQ(begun.left_count, 2);
  EXPECT_THAT(Seen(), ElementsAre("remote live", "next filling"));
  ASSERT_TRUE(moves_->RunOnce(Soon()).has_value());
  EXPECT_EQ(sets_->Live()->set.engine, "remote");

  ASSERT_TRUE(RunRelayUntilIdle());
  const MoveReport filled = moves_->Report(Soon()).value();
  EXPECT_EQ(filled.left_count, 0);
  EXPECT_EQ(filled.places.back().point_count, 2);
  ASSERT_TRUE(moves_->RunOnce(Soon()).has_value());
  EXPECT_THAT(Seen(), ElementsAre("next live"));
  EXPECT_FALSE(moves_->Report(Soon())->is_moving);
  remote_.is_down = true;
  const SearchReply reply = Search("disk full", SearchMode::kSemantic);
  EXPECT_THAT(IdsOf(reply), testing::UnorderedElementsAre(first.id, second.id));
  EXPECT_THAT(reply.degraded, IsEmpty());
}

TEST_F(MoveServiceTest, GoesOnAfterARestart) {
  const Record record = Create("rr-1", "disk full");
  const VectorSetId set = moves_->Begin(Soon())->places.back().set.id;
  ReopenWith(engines_);
  ASSERT_TRUE(RunRelayUntilIdle());
  moves_->Start();
  const Deadline end = Soon();
  while (sets_->Live()->set.id != set && !end.HasPassed()) ThreadRuntime().Sleep(Duration(1'000));
  EXPECT_EQ(sets_->Live()->set.id, set);
  EXPECT_THAT(IdsOf(Search("disk full", SearchMode::kSemantic)), ElementsAre(record.id));
}

TEST_F(MoveServiceTest, BeginsOneMoveHoweverOftenItIsAsked) {
  EXPECT_EQ(moves_->Begin(Soon())->places.size(), 2U);
  EXPECT_EQ(moves_->Begin(Soon())->places.size(), 2U);
  ASSERT_TRUE(moves_->RunOnce(Soon()).has_value());
  const Result<MoveReport> again = moves_->Begin(Soon());
  ASSERT_FALSE(again.has_value());
  EXPECT_EQ(again.error().code, ErrorCode::kConflict);
  EXPECT_THAT(again.error().message, HasSubstr("use engine next already"));
}

// As the one that was started with the places the other way round.
TEST_F(MoveServiceTest, LeavesAMoveToAnotherEngineAlone) {
  ASSERT_TRUE(moves_->Begin(Soon()).has_value());
  ReopenWith({{"remote", &remote_}, {"next", &next_}});
  ASSERT_TRUE(moves_->RunOnce(Soon()).has_value());
  EXPECT_THAT(Seen(), ElementsAre("remote live", "next filling"));
}

TEST_F(MoveServiceTest, CancelsAndLeavesSearchesWhereTheyWere) {
  EXPECT_EQ(moves_->Cancel(Soon()).error().code, ErrorCode::kNotFound);
  const Record record = Create("rr-1", "disk full");
  ASSERT_TRUE(moves_->Begin(Soon()).has_value());
  EXPECT_FALSE(moves_->Cancel(Soon())->is_moving);
  EXPECT_THAT(Seen(), ElementsAre("remote live"));
  ASSERT_TRUE(settler_->RunOnce().has_value());
  EXPECT_THAT(*store_->TallyPending(Soon()), IsEmpty());
  EXPECT_THAT(IdsOf(Search("disk full", SearchMode::kSemantic)), ElementsAre(record.id));
}

// What the index holds already would be shown beside what is sent to it.
TEST_F(MoveServiceTest, RefusesAnIndexThatHoldsTheVectorsOfAnotherSet) {
  ASSERT_TRUE(next_.Claim(77, Soon()).has_value());
  const Result<MoveReport> refused = moves_->Begin(Soon());
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, ErrorCode::kInvalidArgument);
  EXPECT_THAT(refused.error().message, HasSubstr("set 77"));
  EXPECT_THAT(Seen(), ElementsAre("remote live"));
  EXPECT_TRUE(relay_->RunOnce().has_value());
}

TEST_F(MoveServiceTest, WaitsForParkedRowsUntilTheyAreReleased) {
  const Record record = Create("rr-1", "disk full");
  const VectorSetId set = moves_->Begin(Soon())->places.back().set.id;
  ParkOne(record.id, set);
  ASSERT_TRUE(settler_->RunOnce().has_value());
  ASSERT_TRUE(relay_->RunOnce().has_value());
  ASSERT_TRUE(moves_->RunOnce(Soon()).has_value());
  const MoveReport report = moves_->Report(Soon()).value();
  EXPECT_EQ(report.left_count, 1);
  EXPECT_EQ(report.places.back().parked_count, 1);

  int wake_count = 0;
  moves_->OnPending([&] { ++wake_count; });
  const VectorSetId live = sets_->Live()->set.id;
  EXPECT_EQ(moves_->Release(live, Soon()).value(), 0);
  EXPECT_EQ(wake_count, 0);
  EXPECT_EQ(moves_->Release(std::nullopt, Soon()).value(), 1);
  EXPECT_EQ(wake_count, 1);
  EXPECT_EQ(moves_->Release(99, Soon()).error().code, ErrorCode::kNotFound);
  ASSERT_TRUE(RunRelayUntilIdle());
  ASSERT_TRUE(moves_->RunOnce(Soon()).has_value());
  EXPECT_THAT(Seen(), ElementsAre("next live"));
}

// The cancel has read that the set is being filled; now it is what searches use.
TEST_F(MoveServiceTest, DoesNotGiveUpTheSetThatSearchesHaveJustMovedTo) {
  const Record record = Create("rr-1", "disk full");
  ASSERT_TRUE(moves_->Begin(Soon()).has_value());
  ASSERT_TRUE(RunRelayUntilIdle());
  halting_->before_change = [this] { ASSERT_TRUE(moves_->RunOnce(Soon()).has_value()); };
  const Result<MoveReport> cancelled = moves_->Cancel(Soon());
  ASSERT_FALSE(cancelled.has_value());
  EXPECT_EQ(cancelled.error().code, ErrorCode::kConflict);
  EXPECT_THAT(cancelled.error().message, HasSubstr("have just moved"));
  EXPECT_THAT(Seen(), ElementsAre("next live"));
  EXPECT_THAT(IdsOf(Search("disk full", SearchMode::kSemantic)), ElementsAre(record.id));
}

TEST_F(MoveServiceTest, DoesNotMoveToASetThatIsGivenUpAtThatMoment) {
  Create("rr-1", "disk full");
  ASSERT_TRUE(moves_->Begin(Soon()).has_value());
  ASSERT_TRUE(RunRelayUntilIdle());
  halting_->before_change = [this] { ASSERT_TRUE(moves_->Cancel(Soon()).has_value()); };
  EXPECT_TRUE(moves_->RunOnce(Soon()).has_value());
  EXPECT_THAT(Seen(), ElementsAre("remote live"));
}

TEST_F(MoveServiceTest, GoesOnWithABeginningThatWasKilled) {
  const Record record = Create("rr-1", "disk full");
  KillWhileItBegins();
  const MoveReport report = moves_->Report(Soon()).value();
  EXPECT_TRUE(report.is_moving);
  EXPECT_THAT(Seen(), ElementsAre("remote live", "next preparing"));
  halting_->halts = 1;
  ASSERT_TRUE(moves_->RunOnce(Soon()).has_value());  // It takes more than one round.
  EXPECT_THAT(Seen(), ElementsAre("remote live", "next preparing"));
  ASSERT_TRUE(moves_->RunOnce(Soon()).has_value());
  EXPECT_THAT(Seen(), ElementsAre("remote live", "next filling"));
  ASSERT_TRUE(RunRelayUntilIdle());
  ASSERT_TRUE(moves_->RunOnce(Soon()).has_value());
  EXPECT_THAT(Seen(), ElementsAre("next live"));
  EXPECT_THAT(IdsOf(Search("disk full", SearchMode::kSemantic)), ElementsAre(record.id));
}

TEST_F(MoveServiceTest, GivesUpABeginningThatWasKilled) {
  KillWhileItBegins();
  EXPECT_FALSE(moves_->Cancel(Soon())->is_moving);
  EXPECT_THAT(Seen(), ElementsAre("remote live"));
}

TEST_F(MoveServiceTest, KeepsACancelledBeginningCancelled) {
  halting_->halts = 3;
  halting_->at_halt = [this] {
    if (halting_->halts == 1) {
      ASSERT_TRUE(moves_->Cancel(Soon()).has_value());
    }
  };
  const Result<MoveReport> begun = moves_->Begin(Soon());
  ASSERT_TRUE(begun.has_value()) << begun.error().message;
  EXPECT_FALSE(begun->is_moving);
  EXPECT_THAT(Seen(), ElementsAre("remote live"));
}

TEST_F(MoveServiceTest, EndsABeginningWhenItStopsAndGoesOnWithTheNextStart) {
  Create("rr-1", "disk full");
  halting_->halts = 1'000;
  int step_count = 0;
  halting_->at_halt = [&] {
    if (++step_count == 3) moves_->Stop();
  };
  const Result<MoveReport> begun = moves_->Begin(Soon());
  ASSERT_FALSE(begun.has_value());
  EXPECT_EQ(begun.error().code, ErrorCode::kUnavailable);
  EXPECT_EQ(step_count, 3);
  halting_->halts = 0;
  MoveService next_start(ThreadRuntime(), *halting_, *sets_);
  ASSERT_TRUE(next_start.RunOnce(Soon()).has_value());
  EXPECT_THAT(Seen(), ElementsAre("remote live", "next filling"));
}

// It would move them back to where its own --vectors says that they are.
TEST_F(MoveServiceTest, RefusesToMoveSearchesBackThatMovedWhileItRan) {
  ReopenWith({{"remote", &remote_}, {"next", &next_}});
  ASSERT_TRUE(moves_->RunOnce(Soon()).has_value());
  VectorSets sets(ThreadRuntime(), *store_, {{"next", &next_}, {"remote", &remote_}}, Space());
  ASSERT_TRUE(sets.Open(Soon()).has_value());
  MoveService other(ThreadRuntime(), *store_, sets);
  ASSERT_TRUE(other.Begin(Soon()).has_value());
  ASSERT_TRUE(RunRelayUntilIdle());
  ASSERT_TRUE(other.RunOnce(Soon()).has_value());

  const Result<MoveReport> back = moves_->Begin(Soon());
  ASSERT_FALSE(back.has_value());
  EXPECT_EQ(back.error().code, ErrorCode::kConflict);
  EXPECT_THAT(back.error().message, HasSubstr("restart it"));
  EXPECT_THAT(Seen(), ElementsAre("next live"));
  // Who restarts it with its places like that means it, and is told of the mark only.
  ReopenWith(engines_);
  EXPECT_EQ(moves_->Begin(Soon()).error().code, ErrorCode::kInvalidArgument);
}

TEST_F(MoveServiceTest, RefusesToMoveSearchesFromAPlaceThatItDoesNotHave) {
  VectorSets sets(ThreadRuntime(), *store_, {{"remote", &remote_}}, Space());
  ASSERT_TRUE(sets.Open(Soon()).has_value());
  MoveService forgotten(ThreadRuntime(), *store_, sets);
  ASSERT_TRUE(moves_->Begin(Soon()).has_value());
  ASSERT_TRUE(moves_->RunOnce(Soon()).has_value());
  const Result<MoveReport> back = forgotten.Begin(Soon());
  ASSERT_FALSE(back.has_value());
  EXPECT_THAT(back.error().message, HasSubstr("engine next, which this service does not have"));
  EXPECT_THAT(Seen(), ElementsAre("next live"));
}

TEST_F(MoveServiceTest, TellsOfAForeignIndexThatWasAwayAtTheBeginning) {
  ASSERT_TRUE(next_.Claim(77, Soon()).has_value());
  next_.is_down = next_.is_down_from_the_start = true;
  ASSERT_TRUE(moves_->Begin(Soon()).has_value());
  EXPECT_FALSE(moves_->Report(Soon())->places.back().foreign_mark.has_value());
  next_.is_down = false;
  ASSERT_TRUE(sets_->Refresh(Soon()).has_value());
  const MovePlace place = moves_->Report(Soon())->places.back();
  EXPECT_FALSE(place.is_in_use);
  EXPECT_EQ(place.foreign_mark, 77);
  const Result<MoveReport> again = moves_->Begin(Soon());
  ASSERT_FALSE(again.has_value());
  EXPECT_EQ(again.error().code, ErrorCode::kInvalidArgument);
  EXPECT_THAT(again.error().message, HasSubstr("set 77"));
  EXPECT_TRUE(moves_->Cancel(Soon()).has_value());
}

}  // namespace
}  // namespace datastorage
