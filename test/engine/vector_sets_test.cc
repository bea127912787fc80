#include "engine/vector_sets.h"

#include <gmock/gmock.h>

#include "engine/engine_fixture.h"
#include "fake/fake_record_store.h"
#include "fake/forwarding_record_store.h"

namespace datastorage {
namespace {

using VectorSetsTest = EngineFixture;

// Registers each set just before its caller does, as a replica that starts at the same moment.
class OvertakenRecordStore final : public ForwardingRecordStore {
 public:
  explicit OvertakenRecordStore(RecordStore& inner) : ForwardingRecordStore(inner), store_(inner) {}
  Result<VectorSet> RegisterSet(const VectorSet& set, Deadline deadline) override {
    EXPECT_TRUE(store_.RegisterSet(set, deadline).has_value());
    return store_.RegisterSet(set, deadline);
  }

 private:
  RecordStore& store_;
};

TEST_F(VectorSetsTest, KeepsTheSameSetOverRestarts) {
  const VectorSetId before = sets_->Live()->set.id;
  Restart();
  EXPECT_EQ(sets_->Live()->set.id, before);
}

TEST_F(VectorSetsTest, RetiresTheSetOfAnotherModel) {
  const VectorSetId before = sets_->Live()->set.id;
  Create("rr-1", "disk full");
  embedder_ = std::make_unique<FakeEmbedder>("fake-2");
  Restart();
  EXPECT_NE(sets_->Live()->set.id, before);
  EXPECT_EQ(index_->Size(), 0);
  const auto all = store_->Sets(Soon());
  ASSERT_TRUE(all.has_value());
  for (const VectorSet& set : *all) {
    EXPECT_EQ(set.state == VectorSetState::kLive, set.id == sets_->Live()->set.id);
  }
}

TEST_F(VectorSetsTest, TakesTheSetThatAnotherReplicaRegisteredFirst) {
  FakeRecordStore store(SystemClock());
  OvertakenRecordStore overtaken(store);
  VectorSets sets(ThreadRuntime(), overtaken, {{"scan", index_.get()}}, "another/t1");
  const Result<void> opened = sets.Open(Soon());
  ASSERT_TRUE(opened.has_value()) << opened.error().message;
  ASSERT_TRUE(sets.Live().has_value());
  EXPECT_EQ(store.Sets(Soon())->size(), 1U);
}

// A place that somebody forgot to name must not be lost to searches.
TEST_F(VectorSetsTest, RefusesToLeaveALiveSetWhoseEngineIsNotAtHand) {
  const VectorSetId before = sets_->Live()->set.id;
  ScanIndex other({}, ThreadRuntime());
  VectorSets sets(ThreadRuntime(), *store_, {{"other", &other}}, embedding_->Space());
  const Result<void> opened = sets.Open(Soon());
  ASSERT_FALSE(opened.has_value());
  EXPECT_EQ(opened.error().code, ErrorCode::kConflict);
  EXPECT_THAT(opened.error().message, testing::HasSubstr("engine scan"));
  EXPECT_THAT(opened.error().message, testing::HasSubstr("engine other"));
  EXPECT_EQ(store_->Sets(Soon())->size(), 1U);

  VectorSetId left = 0;
  const auto may_leave = [&](const VectorSet& set) {
    left = set.id;
    return true;
  };
  ASSERT_TRUE(sets.Open(Soon(), may_leave).has_value());
  EXPECT_EQ(left, before);
  EXPECT_EQ(sets.Live()->set.engine, "other");
}

TEST_F(VectorSetsTest, FillsTheIndexFromStoredEmbeddings) {
  constexpr int kCount = 25;
  for (int i = 0; i < kCount; ++i) Create("rr-" + std::to_string(i), std::to_string(i) + " full");
  Restart();
  EXPECT_TRUE(sets_->IsFilled());
  EXPECT_EQ(index_->Size(), kCount);
}

TEST_F(VectorSetsTest, HasNoSetWithoutAnEmbedder) {
  Restart(/*has_embedder=*/false);
  EXPECT_FALSE(sets_->Live().has_value());
  EXPECT_TRUE(sets_->IsFilled());
}

TEST_F(VectorSetsTest, IsNotFilledBeforeFillingWasStarted) {
  VectorSets sets(ThreadRuntime(), *store_, {{"scan", index_.get()}}, embedding_->Space());
  ASSERT_TRUE(sets.Open(Soon()).has_value());
  EXPECT_FALSE(sets.IsFilled());
  EXPECT_FALSE(sets.AwaitFilled(Deadline::In(std::chrono::milliseconds(5))));
}

}  // namespace
}  // namespace datastorage
