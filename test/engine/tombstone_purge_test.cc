#include "engine/tombstone_purge.h"

#include <gmock/gmock.h>

#include <map>
#include <random>

#include "base/limits.h"
#include "base/uuid.h"
#include "engine/separate_fixture.h"
#include "fake/fake_record_store.h"
#include "support/manual_runtime.h"

namespace datastorage {
namespace {

constexpr Duration kAge = limits::kTombstoneAge;
constexpr Duration kTick = std::chrono::minutes(1);

// A remote index in virtual time, and a record store that only issues stamps.
class TombstonePurgeTest : public testing::Test {
 protected:
  Stamp Draw() {
    const Stamp stamp = *store_.RaiseStamps(0, Deadline::Never()) + 1;
    EXPECT_TRUE(store_.RaiseStamps(stamp, Deadline::Never()).has_value());
    return stamp;
  }
  void Apply(const VectorWrite& write) {
    EXPECT_TRUE(index_.Apply({&write, 1}, Deadline::Never()).has_value());
  }
  RecordId Erase() {
    const VectorWrite tombstone{ids_.MakeVersion7(), Draw(), std::nullopt, {}};
    Apply(tombstone);
    return tombstone.id;
  }
  void Run() { purge_.RunIfDue({&place_, 1}, Deadline::Never()); }
  bool Holds(RecordId id) { return index_.inner.Points().contains(id); }

  UuidSource& ids_ = SystemUuidSource();
  ManualRuntime runtime_;
  FakeRecordStore store_{runtime_};
  SwitchedVectorIndex index_;
  VectorPlace place_{{}, &index_, nullptr, {}, /*is_marked=*/true};
  TombstonePurge purge_{runtime_, store_};
};

TEST_F(TombstonePurgeTest, KeepsATombstoneForAnAgeAndNoLongerThanTwo) {
  Run();
  runtime_.Advance(kTick);
  const RecordId erased = Erase();
  // Not when the first age is over, as it is younger; nor before the second is.
  for (Duration passed = kTick; passed < 2 * kAge; passed += kTick) {
    Run();
    ASSERT_TRUE(Holds(erased)) << passed.count();
    runtime_.Advance(kTick);
  }
  Run();
  EXPECT_FALSE(Holds(erased));
}

// A service that is restarted more often than an age is long, and its replica, purge all the same.
TEST_F(TombstonePurgeTest, GoesOnWithTheAgeThatBeganBeforeARestart) {
  TombstonePurge replica(runtime_, store_);
  const RecordId erased = Erase();
  for (Duration passed{}; passed < kAge; passed += kTick) {
    TombstonePurge restarted(runtime_, store_);
    restarted.RunIfDue({&place_, 1}, Deadline::Never());
    replica.RunIfDue({}, Deadline::Never());
    ASSERT_TRUE(Holds(erased)) << passed.count();
    runtime_.Advance(kTick);
  }
  TombstonePurge last(runtime_, store_);
  last.RunIfDue({&place_, 1}, Deadline::Never());
  EXPECT_FALSE(Holds(erased));
}

TEST_F(TombstonePurgeTest, BelievesNoNoteThatItCannotHaveWritten) {
  const std::string later =
      std::to_string((runtime_.WallNow() + kTick).time_since_epoch().count()) + " 1";
  for (const std::string note : {"", "x", "5", "5 ", "5 x", "5 1x", "5 999", later.c_str()}) {
    const RecordId erased = Erase();
    ASSERT_TRUE(store_.KeepNote("tombstones", note, Deadline::Never()).has_value());
    TombstonePurge restarted(runtime_, store_);
    restarted.RunIfDue({&place_, 1}, Deadline::Never());
    EXPECT_TRUE(Holds(erased)) << note;
    EXPECT_NE(*store_.Note("tombstones", Deadline::Never()), note);
  }
}

TEST_F(TombstonePurgeTest, WaitsAnotherAgeWhereTheIndexFailed) {
  const RecordId erased = Erase();
  Run();
  index_.is_down = true;
  runtime_.Advance(kAge);
  Run();
  index_.is_down = false;
  Run();
  EXPECT_TRUE(Holds(erased));
  runtime_.Advance(kAge);
  Run();
  EXPECT_FALSE(Holds(erased));
}

TEST_F(TombstonePurgeTest, BeginsAnewWhenTheRecordStoreWasPutBack) {
  for (int i = 0; i < 100; ++i) Draw();
  FakeRecordStore older(runtime_);
  ForwardingRecordStore store(store_);
  TombstonePurge purge(runtime_, store);
  const auto run = [&] { purge.RunIfDue({&place_, 1}, Deadline::Never()); };
  run();
  store.SetInner(older);
  runtime_.Advance(kAge);
  const VectorWrite young{ids_.MakeVersion7(), 5, std::nullopt, {}};
  Apply(young);
  run();
  EXPECT_TRUE(Holds(young.id));
}

// Writes arrive in any order, up to nearly an age after they were sent; the record's vectors were
// sent before it was erased. No erased record may have a vector at any time after its tombstone
// came, and no tombstone may stay for good.
TEST_F(TombstonePurgeTest, LetsNoWriteUnderWayBringAnErasedRecordBack) {
  std::mt19937 random(20'231);  // NOLINT(cert-msc32-c,cert-msc51-cpp): the same each time.
  const auto some_time = [&](Duration most) {
    return Duration(std::uniform_int_distribution<Duration::rep>(0, most.count())(random));
  };
  std::multimap<SteadyTime, VectorWrite> under_way;
  std::map<RecordId, bool> is_buried;
  std::int64_t late_count = 0;
  for (int i = 0; i < 3'000; ++i) {
    const RecordId id = ids_.MakeVersion7();
    const int version_count = std::uniform_int_distribution<int>(1, 3)(random);
    for (int version = 0; version < version_count; ++version) {
      const VectorWrite write{id, Draw(), FakeEmbedder::VectorOf("erased soon"), {}};
      under_way.emplace(runtime_.Now() + some_time(kAge - kTick), write);
    }
    const VectorWrite tombstone{id, Draw(), std::nullopt, {}};
    under_way.emplace(runtime_.Now() + some_time(kTick), tombstone);
    for (const SteadyTime until = runtime_.Now() + some_time(2 * kTick);;) {
      if (under_way.empty() || under_way.begin()->first > until) {
        runtime_.Advance(until - runtime_.Now());
        break;
      }
      const auto [due_at, write] = *under_way.begin();
      under_way.erase(under_way.begin());
      runtime_.Advance(due_at - runtime_.Now());
      Run();
      Apply(write);
      if (!write.embedding.has_value()) is_buried[write.id] = true;
      late_count += write.embedding.has_value() && is_buried[write.id] ? 1 : 0;
      const std::map<RecordId, VectorWrite> points = index_.inner.Points();
      const auto held = points.find(write.id);
      ASSERT_TRUE(!is_buried[write.id] || held == points.end() ||
                  !held->second.embedding.has_value())
          << "record " << i;
    }
  }
  EXPECT_GT(late_count, 2'000);
  for (const auto& [due_at, write] : under_way) Apply(write);
  for (int i = 0; i < 3; ++i) {
    Run();
    runtime_.Advance(kAge);
  }
  EXPECT_TRUE(index_.inner.Points().empty());
}

// What is older than an age all the same is never shown, and goes with the next reconcile.
class PurgedTest : public SeparateFixture {};

TEST_F(PurgedTest, ShowsNoVectorThatCameAfterItsTombstoneWasPurged) {
  ManualRuntime runtime;
  runtime.Advance(ThreadRuntime().Now() - runtime.Now());  // The store has the machine's clock.
  Relay relay(runtime, *store_, *sets_, embedding_.get(), *settler_, metrics_);
  const Record record = Create("rr-1", "disk full");
  const VectorWrite late = *PointOf(record.id);
  const EraseOp erase{
      record.id, SystemUuidSource().MakeVersion4(), ThreadRuntime().WallNow(), "me", "why"};
  ASSERT_TRUE(writer_->Erase(erase, Soon()).has_value());
  ASSERT_TRUE(settler_->RunOnce().has_value());
  for (int i = 0; i < 2; ++i) {
    ASSERT_TRUE(PointOf(record.id).has_value());
    ASSERT_TRUE(relay.RunOnce().has_value());
    runtime.Advance(kAge);
  }
  ASSERT_FALSE(PointOf(record.id).has_value());
  ASSERT_TRUE(remote_.Apply({&late, 1}, Soon()).has_value());
  EXPECT_TRUE(Search("disk full", SearchMode::kSemantic).hits.empty());
  Reconciler reconciler(ThreadRuntime(), *store_);
  EXPECT_EQ(reconciler.Run(*sets_->Live(), {}, Soon())->foreign_count, 1);
  ASSERT_TRUE(RunRelayUntilIdle());
  EXPECT_FALSE(PointOf(record.id)->embedding.has_value());
}

}  // namespace
}  // namespace datastorage
