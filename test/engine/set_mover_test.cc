#include "engine/set_mover.h"

#include <gmock/gmock.h>

#include "engine/separate_fixture.h"

namespace datastorage {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// Searches go from `remote_` to `next_`, another vector store.
class SetMoverTest : public SeparateFixture {
 protected:
  SetMoverTest() {
    engines_.push_back({"next", &next_});
    Reopen();
  }
  ~SetMoverTest() override {
    // They use the indexes of this fixture, which go first.
    Shutdown();
  }

  VectorSet Begin() {
    const Result<VectorSet> set = Mover().Begin("next", Soon());
    EXPECT_TRUE(set.has_value()) << set.error().message;
    return set.value_or(VectorSet{});
  }
  SetMover Mover() { return {ThreadRuntime(), *store_, *sets_}; }
  // Moves all searches to `next_`.
  void Move() {
    const VectorSet set = Begin();
    ASSERT_TRUE(RunRelayUntilIdle());
    ASSERT_TRUE(Mover().TryFinish(set.id, Soon()).value());
  }
  VectorSetState StateOfSet(const std::string& engine) {
    const std::vector<VectorSet> sets = store_->Sets(Soon()).value();
    for (const VectorSet& set : sets) {
      if (set.engine == engine) return set.state;
    }
    ADD_FAILURE() << "no set of engine " << engine;
    return VectorSetState::kRetired;
  }
  static bool Holds(const SwitchedVectorIndex& index, const Record& record) {
    const std::map<RecordId, VectorWrite> points = index.inner.Points();
    const auto found = points.find(record.id);
    return found != points.end() && found->second.stamp == record.stamp &&
           found->second.embedding.has_value();
  }

  SwitchedVectorIndex next_;
};

TEST_F(SetMoverTest, BringsWhatWasThereBeforeIntoTheNewSet) {
  std::vector<Record> records;
  for (int i = 0; i < 5; ++i) {
    const std::string key = "rr-" + std::to_string(i);
    records.push_back(Create(key, "disk full on " + key));
  }
  const VectorSet set = Begin();
  EXPECT_EQ(set.state, VectorSetState::kFilling);
  EXPECT_EQ(set.pending_rule, PendingRule::kEverySet);
  EXPECT_EQ(next_.inner.Size(), 0);
  ASSERT_TRUE(RunRelayUntilIdle());
  for (const Record& record : records) EXPECT_TRUE(Holds(next_, record));
}

TEST_F(SetMoverTest, SendsWritesToBothSetsMeanwhileAndAsksTheOldOne) {
  Begin();
  const Record record = Create("rr-1", "disk full");
  EXPECT_TRUE(Holds(remote_, record));
  EXPECT_TRUE(Holds(next_, record));
  ASSERT_TRUE(settler_->RunOnce().has_value());
  EXPECT_THAT(*store_->TallyPending(Soon()), IsEmpty());
  // The new set alone being down is not seen by searches.
  next_.is_down = true;
  const SearchReply reply = Search("disk full", SearchMode::kSemantic);
  EXPECT_THAT(IdsOf(reply), ElementsAre(record.id));
  EXPECT_THAT(reply.degraded, IsEmpty());
}

TEST_F(SetMoverTest, FinishesOnlyWhenNothingOfBeforeIsPending) {
  const Record record = Create("rr-1", "disk full");
  ASSERT_TRUE(settler_->RunOnce().has_value());
  const VectorSet set = Begin();
  EXPECT_FALSE(Mover().TryFinish(set.id, Soon()).value());
  EXPECT_EQ(StateOfSet("remote"), VectorSetState::kLive);
  next_.is_down = true;
  ASSERT_TRUE(relay_->RunOnce().has_value());
  EXPECT_FALSE(Mover().TryFinish(set.id, Soon()).value());  // Tried and failed is pending still.
  next_.is_down = false;
  ASSERT_TRUE(RunRelayUntilIdle());
  EXPECT_TRUE(Mover().TryFinish(set.id, Soon()).value());
  EXPECT_EQ(StateOfSet("remote"), VectorSetState::kRetired);
  EXPECT_EQ(StateOfSet("next"), VectorSetState::kLive);
  // Searches ask the new set from here on, and writes go nowhere else.
  remote_.is_down = true;
  const int apply_count = remote_.apply_count;
  const SearchReply reply = Search("disk full", SearchMode::kSemantic);
  EXPECT_THAT(IdsOf(reply), ElementsAre(record.id));
  EXPECT_THAT(reply.degraded, IsEmpty());
  EXPECT_TRUE(Holds(next_, Create("rr-2", "disk full")));
  EXPECT_EQ(remote_.apply_count, apply_count);
}

TEST_F(SetMoverTest, DoesNotWaitForWritesThatAreUnderWay) {
  const VectorSet set = Begin();
  const Record record = Create("rr-1", "disk full");  // Its rows are not settled yet.
  ASSERT_FALSE(store_->PendingIds(set.id, Soon())->ids.empty());
  next_.inner.Forget(record.id);
  EXPECT_TRUE(Mover().TryFinish(set.id, Soon()).value());
  EXPECT_THAT(IdsOf(Search("disk full", SearchMode::kSemantic)), ElementsAre(record.id));
}

TEST_F(SetMoverTest, FindsWhatWasErasedAndChangedMeanwhileAsItIsNow) {
  const Record erased = Create("rr-1", "disk full");
  const Record changed = Create("rr-2", "network down");
  const VectorSet set = Begin();
  const EraseOp erase{
      erased.id, SystemUuidSource().MakeVersion4(), ThreadRuntime().WallNow(), "me", "why"};
  ASSERT_TRUE(writer_->Erase(erase, Soon()).has_value());
  ASSERT_TRUE(writes_->Patch(PatchFor(changed, R"({"summary":"disk full"})"), Soon()).has_value());
  ASSERT_TRUE(RunRelayUntilIdle());
  ASSERT_TRUE(Mover().TryFinish(set.id, Soon()).value());
  EXPECT_EQ(next_.inner.Size(), 1);
  EXPECT_THAT(IdsOf(Search("disk full", SearchMode::kSemantic)), ElementsAre(changed.id));
}

TEST_F(SetMoverTest, RefusesASetThatThereIsAndAnEngineThatThereIsNot) {
  Begin();
  const std::size_t set_count = store_->Sets(Soon())->size();
  EXPECT_EQ(Mover().Begin("next", Soon()).error().code, ErrorCode::kConflict);
  EXPECT_EQ(Mover().Begin("remote", Soon()).error().code, ErrorCode::kConflict);
  EXPECT_EQ(Mover().Begin("nowhere", Soon()).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(store_->Sets(Soon())->size(), set_count);
}

TEST_F(SetMoverTest, LetsAReplicaThatHeardOfNothingFindWhatIsAcknowledgedAfterTheSwitch) {
  const Record before = Create("rr-1", "disk full");
  VectorSets sets(ThreadRuntime(), *store_, engines_, Space());
  ASSERT_TRUE(sets.Open(Soon()).has_value());
  sets.StartFilling();
  SemanticLeg leg(ThreadRuntime(), *store_, sets, metrics_);
  SemanticQuery query;
  query.vector = FakeEmbedder::VectorOf("disk full");
  query.count = 10;
  const auto found = [&] {
    std::vector<RecordId> ids;
    const SemanticAnswer answer = leg.Nearest(query, Soon()).value();
    for (const ConfirmedRecord& each : answer.nearest) {
      ids.push_back(each.record.id);
    }
    return ids;
  };
  EXPECT_THAT(found(), ElementsAre(before.id));
  Move();
  const Record after = Create("rr-2", "disk full");
  ASSERT_FALSE(Holds(remote_, after));
  ASSERT_EQ(sets.Live()->set.engine, "remote");
  EXPECT_THAT(found(), testing::UnorderedElementsAre(before.id, after.id));
  // Now it has heard, and its next search asks the new set.
  EXPECT_EQ(sets.Live()->set.engine, "next");
  EXPECT_TRUE(leg.Nearest(query, Soon())->used_index);
}

}  // namespace
}  // namespace datastorage
