#include "sim/sim_vector_store.h"

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "support/random_points.h"

namespace datastorage {
namespace {

using namespace std::chrono_literals;

VectorWrite Write(RecordId id, Stamp stamp, bool is_tombstone = false) {
  VectorWrite write;
  write.id = id;
  write.stamp = stamp;
  if (is_tombstone) return write;
  write.embedding = Embedding{};
  write.embedding->at(static_cast<std::size_t>(stamp) % kEmbeddingDimensionCount) = 1;
  return write;
}

RecordId Id(std::uint8_t number) {
  RecordId id;
  id.bytes[15] = number;
  return id;
}

// One store and what a test of one seed needs.
struct World {
  explicit World(std::uint64_t seed, SimVectorStore::Options options = {})
      : runtime({.seed = seed}), store(runtime, counts, std::move(options)) {}

  Deadline In(Duration duration) { return Deadline::In(duration, runtime); }
  std::vector<RecordId> Found() {
    const auto found = store.Nearest(*Write({}, 1).embedding, {}, 100, In(1min));
    std::vector<RecordId> ids;
    if (!found.has_value()) return ids;
    for (const Neighbor& hit : found->hits) ids.push_back(hit.id);
    return ids;
  }
  Stamp Held(RecordId id) {
    const FakePoints points = store.Points();
    return points.contains(id) ? points.at(id).stamp : 0;
  }

  FaultCounts counts;
  FiberRuntime runtime;
  SimVectorStore store;
};

// Four clients write rising stamps to three ids over a network that does its worst. What was
// acknowledged is held from then on, stamps never fall, and in the end each id holds a stamp
// that is no lower than any acknowledged one.
TEST(SimVectorStore, KeepsTheHigherStampOverAnyNetwork) {
  FaultCounts counts;
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    int fall_count = 0;
    SimVectorStore::Options options;
    options.on_applied = [&](const VectorWrite& write, Stamp before) {
      if (before >= write.stamp) ++fall_count;
    };
    World world(seed, options);
    world.store.network().SetFaults(SimFaults::EachOf(60));
    std::map<RecordId, Stamp> acknowledged;
    Stamp next = 0;
    const RunReport report = world.runtime.Run([&] {
      std::vector<std::unique_ptr<Task>> clients;
      for (int client = 0; client < 4; ++client) {
        clients.push_back(world.runtime.Spawn("client", [&] {
          for (int i = 0; i < 8; ++i) {
            std::vector<VectorWrite> writes;
            for (std::uint8_t id = 1; id <= 3; ++id) writes.push_back(Write(Id(id), ++next));
            const auto applied = world.store.Apply(writes, world.In(5s));
            if (!applied.has_value()) continue;
            for (std::size_t w = 0; w < writes.size(); ++w) {
              ASSERT_GE(applied->at(w).held_stamp, writes[w].stamp);
              ASSERT_GE(world.Held(writes[w].id), writes[w].stamp);
              acknowledged[writes[w].id] = std::max(acknowledged[writes[w].id], writes[w].stamp);
            }
          }
        }));
      }
      clients.clear();
      world.store.network().AwaitQuiet();
    });
    ASSERT_EQ(report.trouble, "");
    EXPECT_EQ(fall_count, 0);
    for (const auto& [id, stamp] : acknowledged) EXPECT_GE(world.Held(id), stamp);
    counts.Add(world.counts);
  }
  for (const FaultKind kind : {FaultKind::kUnavailable,
                               FaultKind::kRequestLost,
                               FaultKind::kAnswerLost,
                               FaultKind::kDelayed,
                               FaultKind::kRepeated,
                               FaultKind::kSlow,
                               FaultKind::kInterleaved}) {
    EXPECT_GT(counts.Of(kind, "client/apply"), 20u) << counts.Table();
  }
}

// A late request arrives although its caller gave up, and although its process crashed.
TEST(SimVectorStore, ServesALateRequestWhateverBecameOfItsCaller) {
  for (const bool is_crashed : {false, true}) {
    int late_count = 0;
    for (std::uint64_t seed = 0; seed < 50; ++seed) {
      World world(seed);
      SimFaults faults;
      faults.delayed = 1'000;
      world.store.network().SetFaults(faults);
      const RunReport report = world.runtime.Run([&] {
        const ProcessId replica = world.runtime.MakeProcess("replica");
        const auto client = world.runtime.SpawnIn(replica, "client", [&] {
          const std::vector<VectorWrite> writes{Write(Id(1), 5)};
          const auto applied = world.store.Apply(writes, world.In(1s));
          if (!applied.has_value() && world.Held(Id(1)) == 0) ++late_count;
        });
        world.runtime.Sleep(100ms);
        if (is_crashed) world.runtime.Crash(replica);
        client->Join();
        if (is_crashed && world.Held(Id(1)) == 0) ++late_count;
        world.store.network().AwaitQuiet();
        EXPECT_EQ(world.Held(Id(1)), 5);
      });
      ASSERT_EQ(report.trouble, "");
    }
    EXPECT_GT(late_count, 10);
  }
}

TEST(SimVectorStore, ShowsAWriteOnlyAfterARefreshThatBeganLater) {
  int unseen_count = 0;
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    World world(seed);
    const RunReport report = world.runtime.Run([&] {
      for (std::uint8_t number = 1; number <= 5; ++number) {
        const std::vector<VectorWrite> writes{Write(Id(number), number)};
        ASSERT_TRUE(world.store.Apply(writes, world.In(1min)).has_value());
        if (world.Found().size() < number) ++unseen_count;
        ASSERT_TRUE(world.store.AwaitVisible(world.In(1min)).has_value());
        ASSERT_EQ(world.Found().size(), number);
      }
      const std::vector<VectorWrite> last{Write(Id(9), 9)};
      ASSERT_TRUE(world.store.Apply(last, world.In(1min)).has_value());
      world.runtime.Sleep(1min);
      EXPECT_EQ(world.Found().size(), 6u) << "no refresh by itself";
    });
    ASSERT_EQ(report.trouble, "");
  }
  EXPECT_GT(unseen_count, 100);
}

TEST(SimVectorStore, OverwritesWithoutItsCompareAndSet) {
  SimVectorStore::Options options;
  options.has_compare_and_set = false;
  World world(1, options);
  EXPECT_TRUE(world.store.Capabilities().has_compare_and_set);
  const std::vector<VectorWrite> writes{Write(Id(1), 7), Write(Id(1), 3)};
  ASSERT_TRUE(world.store.Apply(writes, Deadline::Never()).has_value());
  EXPECT_EQ(world.Held(Id(1)), 3);
}

TEST(SimVectorStore, ForgetsDeletionsWithoutItsTombstones) {
  SimVectorStore::Options options;
  options.keeps_tombstones = false;
  World world(1, options);
  const std::vector<VectorWrite> writes{Write(Id(1), 7), Write(Id(1), 9, true), Write(Id(1), 8)};
  const auto applied = world.store.Apply(writes, Deadline::Never());
  ASSERT_TRUE(applied.has_value());
  EXPECT_EQ(applied->at(1).status, ApplyStatus::kApplied);
  EXPECT_EQ(world.Held(Id(1)), 8);
}

TEST(SimVectorStore, RefusesAPoisonedIdAloneUntilItIsHealed) {
  World world(1);
  world.store.Poison(Id(2));
  const std::vector<VectorWrite> writes{Write(Id(1), 7), Write(Id(2), 8)};
  const auto refused = world.store.Apply(writes, Deadline::Never());
  ASSERT_TRUE(refused.has_value());
  EXPECT_EQ(refused->at(0).status, ApplyStatus::kApplied);
  EXPECT_EQ(refused->at(1).status, ApplyStatus::kRefused);
  world.store.Heal();
  ASSERT_TRUE(world.store.Apply(writes, Deadline::Never()).has_value());
  EXPECT_EQ(world.Held(Id(2)), 8);
}

TEST(SimVectorStore, LosesWhatItIsToldToLose) {
  World world(1);
  const RunReport report = world.runtime.Run([&] {
    const std::vector<VectorWrite> first{Write(Id(1), 1)};
    const std::vector<VectorWrite> second{Write(Id(2), 2)};
    ASSERT_TRUE(world.store.Apply(first, world.In(1min)).has_value());
    ASSERT_EQ(world.store.Claim(3, world.In(1min)).value(), 3);
    const SimVectorStore::Copy old = world.store.Save();
    ASSERT_TRUE(world.store.Apply(second, world.In(1min)).has_value());
    world.store.Restart();
    EXPECT_EQ(world.Found().size(), 2u) << "a restart makes visible what was applied";
    world.store.PutBack(old);
    EXPECT_EQ(world.Found(), std::vector<RecordId>{Id(1)});
    EXPECT_EQ(world.store.Claim(4, world.In(1min)).value(), 3);
    world.store.Wipe();
    EXPECT_TRUE(world.Found().empty());
    EXPECT_EQ(world.store.Claim(4, world.In(1min)).value(), 4);
    world.store.Plant(Write(Id(3), 1'000));
    EXPECT_EQ(world.store.HighestStamp(world.In(1min)).value(), 1'000);

    world.store.Stop();
    const auto applied = world.store.Apply(first, world.In(1min));
    ASSERT_FALSE(applied.has_value());
    EXPECT_EQ(applied.error().code, ErrorCode::kUnavailable);
    world.store.Start();
    EXPECT_TRUE(world.store.Apply(first, world.In(1min)).has_value());
  });
  EXPECT_EQ(report.trouble, "");
}

// An AwaitVisible that a restart meets fails or tells the truth; it never waits for a refresh that
// the restart forgot.
TEST(SimVectorStore, LeavesNobodyWaitingForARefreshThatARestartForgot) {
  int failure_count = 0;
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    World world(seed);
    const RunReport report = world.runtime.Run([&] {
      const auto client = world.runtime.Spawn("client", [&] {
        const std::vector<VectorWrite> writes{Write(Id(1), 1)};
        if (!world.store.Apply(writes, world.In(1min)).has_value()) return;
        const auto visible = world.store.AwaitVisible(world.In(1min));
        if (!visible.has_value()) ++failure_count;
        if (visible.has_value()) {
          EXPECT_EQ(world.Found().size(), 1u);
        }
      });
      world.runtime.Sleep(world.runtime.random().SomeTime(50ms));
      world.store.Restart();
    });
    ASSERT_EQ(report.trouble, "");
  }
  EXPECT_GT(failure_count, 3);
}

}  // namespace
}  // namespace datastorage
