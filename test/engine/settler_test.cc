#include "engine/settler.h"

#include <gmock/gmock.h>

#include <functional>
#include <thread>

#include "base/limits.h"
#include "fake/fake_record_store.h"
#include "fake/forwarding_vector_index.h"
#include "fake/gated_record_store.h"
#include "support/manual_runtime.h"

namespace datastorage {
namespace {

using std::chrono::seconds;
using testing::ElementsAre;
using testing::IsEmpty;

// Shows nothing until it was refreshed, which the test holds, fails and counts.
class RefreshedVectorIndex final : public ForwardingVectorIndex {
 public:
  VectorIndexCapabilities Capabilities() const override {
    VectorIndexCapabilities capabilities = inner.Capabilities();
    capabilities.is_visible_at_once = false;
    return capabilities;
  }
  Result<void> AwaitVisible(Deadline deadline) override {
    ++refresh_count;
    if (on_refresh) on_refresh(deadline);
    while (is_held) std::this_thread::yield();
    if (is_down) return Unavailable("the vector store is down");
    return {};
  }

  std::atomic<int> refresh_count = 0;
  std::atomic<bool> is_held = false;
  std::atomic<bool> is_down = false;
  std::function<void(Deadline)> on_refresh;
};

// Remembers the stamps of the rows it was told to settle.
class SettledRows final : public GatedRecordStore {
 public:
  using GatedRecordStore::GatedRecordStore;
  Result<void> Settle(std::span<const PendingVector> rows, Deadline) override {
    const std::lock_guard lock(mutex_);
    for (const PendingVector& row : rows) stamps_.push_back(row.stamp);
    return GatedRecordStore::Settle(rows, Deadline::Never());  // It has another clock.
  }
  std::vector<Stamp> Stamps() {
    const std::lock_guard lock(mutex_);
    return stamps_;
  }

 private:
  std::mutex mutex_;
  std::vector<Stamp> stamps_;
};

class SettlerTest : public testing::Test {
 protected:
  ~SettlerTest() override { index_.is_held = false; }

  static VectorPlace PlaceOf(VectorIndex& index, VectorSetId set) {
    VectorPlace place;
    place.set.id = set;
    place.index = &index;
    return place;
  }
  static PendingVector Row(VectorSetId set, Stamp stamp) {
    PendingVector row;
    row.set = set;
    row.id = SystemUuidSource().MakeVersion7();
    row.stamp = stamp;
    return row;
  }
  void Settle(Stamp stamp) { settler_.Settle(PlaceOf(index_, 1), {Row(1, stamp)}); }
  template <class Condition>
  static bool Await(const Condition& condition) {
    const Deadline deadline = Deadline::In(seconds(30));
    while (!condition()) {
      if (deadline.HasPassed()) return false;
      std::this_thread::yield();
    }
    return true;
  }

  ManualRuntime runtime_;
  RefreshedVectorIndex index_;
  FakeRecordStore inner_{runtime_};
  SettledRows store_{inner_};
  Settler settler_{runtime_, store_};
};

TEST_F(SettlerTest, SettlesRowsOnlyAfterTheirIndexShowsThem) {
  index_.is_held = true;
  Settle(1);
  Settle(2);
  std::jthread round([&] { EXPECT_TRUE(settler_.RunOnce().has_value()); });
  ASSERT_TRUE(Await([&] { return index_.refresh_count == 1; }));
  EXPECT_THAT(store_.Stamps(), IsEmpty());
  index_.is_held = false;
  round.join();
  EXPECT_THAT(store_.Stamps(), ElementsAre(1, 2));
  EXPECT_EQ(index_.refresh_count, 1);
}

TEST_F(SettlerTest, RemovesThePendingRowOfTheStore) {
  VectorSet wanted;
  wanted.engine = "remote";
  wanted.space = "space";
  wanted.pending_rule = PendingRule::kEverySet;
  wanted.state = VectorSetState::kLive;
  const Deadline soon = Deadline::In(seconds(30));
  const VectorSet set = *inner_.RegisterSet(wanted, soon);
  const RecordId id = SystemUuidSource().MakeVersion7();
  const WriteOp enqueue = EnqueuePendingOp{set.id, id};
  ASSERT_TRUE(inner_.Commit({&enqueue, 1}, CommitMode::kEachForItself, soon).has_value());
  PendingVector row = Row(set.id, inner_.PendingIds(set.id, soon)->ids.at(0).stamp);
  row.id = id;
  settler_.Settle(PlaceOf(index_, set.id), {row});
  ASSERT_TRUE(settler_.RunOnce().has_value());
  EXPECT_THAT(inner_.PendingIds(set.id, soon)->ids, IsEmpty());
}

TEST_F(SettlerTest, ForgetsRowsWhoseIndexFailed) {
  index_.is_down = true;
  Settle(1);
  EXPECT_EQ(settler_.RunOnce().error().code, ErrorCode::kUnavailable);
  index_.is_down = false;
  Settle(2);
  ASSERT_TRUE(settler_.RunOnce().has_value());
  EXPECT_THAT(store_.Stamps(), ElementsAre(2));
}

TEST_F(SettlerTest, SettlesTheRowsOfOtherSetsWhenTheIndexOfOneFailed) {
  RefreshedVectorIndex other;
  index_.is_down = true;
  Settle(1);
  settler_.Settle(PlaceOf(other, 2), {Row(2, 2)});
  EXPECT_EQ(settler_.RunOnce().error().code, ErrorCode::kUnavailable);
  EXPECT_THAT(store_.Stamps(), ElementsAre(2));
}

TEST_F(SettlerTest, GivesEachSetATimeOfItsOwn) {
  RefreshedVectorIndex other;
  index_.on_refresh = [&](Deadline deadline) {
    runtime_.Advance(seconds(60));
    EXPECT_TRUE(deadline.HasPassed(runtime_));
  };
  other.on_refresh = [&](Deadline deadline) { EXPECT_FALSE(deadline.HasPassed(runtime_)); };
  Settle(1);
  settler_.Settle(PlaceOf(other, 2), {Row(2, 2)});
  ASSERT_TRUE(settler_.RunOnce().has_value());
  EXPECT_EQ(other.refresh_count, 1);
}

TEST_F(SettlerTest, ForgetsWhatItsQueueCannotHoldAndHasRoomAgainAfterARound) {
  const std::vector<PendingVector> rows(limits::kSettleQueueCountMax - 1, Row(1, 1));
  settler_.Settle(PlaceOf(index_, 1), rows);
  settler_.Settle(PlaceOf(index_, 1), {Row(1, 2), Row(1, 2)});
  settler_.Settle(PlaceOf(index_, 2), {Row(2, 3)});
  settler_.Settle(PlaceOf(index_, 2), {Row(2, 4)});
  ASSERT_TRUE(settler_.RunOnce().has_value());
  std::vector<Stamp> stamps = store_.Stamps();
  ASSERT_EQ(stamps.size(), limits::kSettleQueueCountMax);
  EXPECT_EQ(stamps.front(), 1);
  EXPECT_EQ(stamps.back(), 3);
  Settle(5);
  ASSERT_TRUE(settler_.RunOnce().has_value());
  EXPECT_EQ(store_.Stamps().back(), 5);
}

TEST_F(SettlerTest, SharesOneRefreshAmongAllThatGathersInItsPause) {
  settler_.Start();
  Settle(1);
  ASSERT_TRUE(Await([&] { return !store_.Stamps().empty(); }));
  // The clock stands still, so the pause goes on, however often rows come.
  for (Stamp stamp = 2; stamp <= 9; ++stamp) Settle(stamp);
  EXPECT_EQ(index_.refresh_count, 1);
  const bool is_settled_at_last = Await([&] {
    runtime_.Advance(seconds(1));
    return store_.Stamps().size() == 9;
  });
  EXPECT_TRUE(is_settled_at_last);
  EXPECT_EQ(index_.refresh_count, 2);
}

TEST_F(SettlerTest, DoesNotPauseForAnIndexThatShowsWritesAtOnce) {
  FakeVectorIndex prompt(Placement::kSeparate, runtime_);
  settler_.Start();
  for (Stamp stamp = 1; stamp <= 3; ++stamp) {
    settler_.Settle(PlaceOf(prompt, 1), {Row(1, stamp)});
    ASSERT_TRUE(Await([&] { return store_.Stamps().size() == static_cast<std::size_t>(stamp); }));
  }
}

TEST_F(SettlerTest, EndsItsTaskFromThePauseAndFromIdling) {
  Settler idle(runtime_, store_);
  idle.Start();
  idle.Stop();
  settler_.Start();
  Settle(1);
  ASSERT_TRUE(Await([&] { return !store_.Stamps().empty(); }));
  settler_.Stop();  // The clock stands still: the pause would never end.
  Settle(2);
  EXPECT_THAT(store_.Stamps(), ElementsAre(1));
}

}  // namespace
}  // namespace datastorage
