#include "engine/move_service.h"

#include <gmock/gmock.h>

#include "engine/separate_fixture.h"

namespace datastorage {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

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
    moves_ = std::make_unique<MoveService>(ThreadRuntime(), *store_, *sets_);
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

  SwitchedVectorIndex next_;
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

}  // namespace
}  // namespace datastorage
