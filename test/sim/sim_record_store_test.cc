#include "sim/sim_record_store.h"

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "fake/fake_record_store.h"
#include "sim/sim_uuids.h"
#include "sqlite/sqlite_record_store.h"
#include "support/temporary_folder.h"

namespace datastorage {
namespace {

using namespace std::chrono_literals;

// One seed's world: the store under test over the fake, or over SQLite.
class World {
 public:
  World(std::uint64_t seed, bool is_sqlite) : runtime({.seed = seed}) {
    if (is_sqlite) {
      inner_ = SqliteRecordStore::Open({.directory = folder_.path(), .clock = &runtime, .vfs = ""})
                   .value();
    } else {
      inner_ = std::make_unique<FakeRecordStore>(runtime, SimRecordStore::YieldWithin(runtime));
    }
    store = std::make_unique<SimRecordStore>(runtime, counts, *inner_);
  }

  CreateOp Create() {
    Remediation body;
    body.name = "restart";
    body.namespace_ = "shop";
    body.phase = "pending";
    body.action_type = "restart_pod";
    body.status = "running";
    body.start_time = runtime.WallNow();
    body.remediation_request_id = "key " + std::to_string(++key_count_);
    CreateOp create;
    create.id = uuids_.MakeVersion7();
    create.attempt = uuids_.MakeVersion4();
    create.body = body;
    create.content_hash = Sha256Of({body.remediation_request_id});
    create.now = runtime.WallNow();
    return create;
  }
  Result<std::vector<WriteOutcome>> Commit(const CreateOp& create, Duration budget) {
    const std::vector<WriteOp> operations{create};
    return store->Commit(operations, CommitMode::kEachForItself, Deadline::In(budget, runtime));
  }
  // What the inner store says, past all faults.
  bool Exists(RecordId id) {
    const RecordRef ref = id;
    return inner_->Read({&ref, 1}, "", Deadline::Never()).value().at(0).status ==
           ReadStatus::kFound;
  }
  // Asks until it is told.
  AttemptOutcome Settle(const CreateOp& create) {
    const AttemptRef attempt{create.id, create.attempt};
    for (;;) {
      const auto told = store->SettleAttempts({&attempt, 1}, Deadline::In(30s, runtime));
      if (told.has_value()) return told->at(0);
      runtime.Sleep(1s);
    }
  }

  FiberRuntime runtime;
  FaultCounts counts;
  std::unique_ptr<SimRecordStore> store;

 private:
  TemporaryFolder folder_;
  std::unique_ptr<RecordStore> inner_;
  SimUuids uuids_{runtime};
  int key_count_ = 0;
};

class SimRecordStoreOver : public testing::TestWithParam<const char*> {
 protected:
  bool is_sqlite() const { return std::string(GetParam()) == "sqlite"; }
  std::uint64_t seed_count() const { return is_sqlite() ? 10 : 100; }
};

// A commit that is answered is there, one that failed never will be, and of one whose outcome is
// unknown SettleAttempts tells the truth for good.
TEST_P(SimRecordStoreOver, TellsTheTruthOrThatItIsUnknown) {
  int committed_count = 0;
  int lost_count = 0;
  FaultCounts counts;
  for (std::uint64_t seed = 0; seed < seed_count(); ++seed) {
    World world(seed, is_sqlite());
    world.store->network().SetFaults(SimFaults::EachOf(80));
    std::map<RecordId, bool> expected;
    const RunReport report = world.runtime.Run([&] {
      std::vector<std::unique_ptr<Task>> clients;
      for (int client = 0; client < 3; ++client) {
        clients.push_back(world.runtime.Spawn("client", [&] {
          for (int i = 0; i < 6; ++i) {
            const CreateOp create = world.Create();
            const auto outcomes = world.Commit(create, 5s);
            bool is_committed = outcomes.has_value();
            if (!is_committed && outcomes.error().code == ErrorCode::kOutcomeUnknown) {
              is_committed = world.Settle(create).is_committed;
              ++(is_committed ? committed_count : lost_count);
              ASSERT_EQ(world.Exists(create.id), is_committed);
            }
            expected[create.id] = is_committed;
          }
        }));
      }
      clients.clear();
      world.store->network().AwaitQuiet();
    });
    ASSERT_EQ(report.trouble, "");
    for (const auto& [id, is_committed] : expected) EXPECT_EQ(world.Exists(id), is_committed);
    counts.Add(world.counts);
  }
  EXPECT_GT(committed_count, static_cast<int>(seed_count() / 2));
  EXPECT_GT(lost_count, static_cast<int>(seed_count() / 2));
  for (const FaultKind kind : {FaultKind::kUnavailable,
                               FaultKind::kRequestLost,
                               FaultKind::kAnswerLost,
                               FaultKind::kDelayed,
                               FaultKind::kSlow}) {
    EXPECT_GT(counts.Of(kind, "client/create"), seed_count() / 2) << counts.Table();
  }
  EXPECT_EQ(counts.Of(FaultKind::kRepeated), 0u) << "a commit is never sent twice";
}

// The crash of a writer leaves its record whole or not at all, and holds up no other writer.
TEST_P(SimRecordStoreOver, OutlivesTheCrashOfAWriter) {
  int committed_count = 0;
  int rolled_back_count = 0;
  for (std::uint64_t seed = 0; seed < seed_count(); ++seed) {
    World world(seed, is_sqlite());
    const RunReport report = world.runtime.Run([&] {
      const ProcessId replica = world.runtime.MakeProcess("replica");
      const CreateOp create = world.Create();
      bool is_answered = false;
      const auto writer = world.runtime.SpawnIn(
          replica, "writer", [&] { is_answered = world.Commit(create, 5s).has_value(); });
      for (std::size_t i = world.runtime.random().Below(12); i > 0; --i) {
        world.runtime.Yield("before the crash");
      }
      world.runtime.Crash(replica);
      world.store->network().AwaitQuiet();
      const bool is_committed = world.Exists(create.id);
      if (is_answered) {
        EXPECT_TRUE(is_committed);
      }
      if (!is_answered) ++(is_committed ? committed_count : rolled_back_count);
      EXPECT_EQ(world.Settle(create).is_committed, is_committed);
      EXPECT_TRUE(world.Commit(world.Create(), 5s).has_value());
    });
    ASSERT_EQ(report.trouble, "");
  }
  EXPECT_GT(committed_count, 0);
  EXPECT_GT(rolled_back_count, 0);
}

TEST_P(SimRecordStoreOver, FailsEveryCallWhileItIsStopped) {
  World world(1, is_sqlite());
  const RunReport report = world.runtime.Run([&] {
    world.store->Stop();
    const CreateOp create = world.Create();
    const auto outcomes = world.Commit(create, 5s);
    ASSERT_FALSE(outcomes.has_value());
    EXPECT_EQ(outcomes.error().code, ErrorCode::kUnavailable);
    EXPECT_FALSE(world.store->Sets(Deadline::In(5s, world.runtime)).has_value());
    world.store->Start();
    EXPECT_TRUE(world.Commit(create, 5s).has_value());
  });
  EXPECT_EQ(report.trouble, "");
}

// The calls of a dead process, made while its fibers unwind.
TEST_P(SimRecordStoreOver, DoesNothingForADeadProcess) {
  struct LastWrite {
    World& world;
    const CreateOp& create;
    ~LastWrite() { EXPECT_FALSE(world.Commit(create, 5s).has_value()); }
  };
  World world(1, is_sqlite());
  const RunReport report = world.runtime.Run([&] {
    const ProcessId replica = world.runtime.MakeProcess("replica");
    const CreateOp create = world.Create();
    const auto writer = world.runtime.SpawnIn(replica, "writer", [&] {
      const LastWrite write{world, create};
      world.runtime.Sleep(1h);
    });
    world.runtime.Sleep(1s);
    world.runtime.Crash(replica);
    world.store->network().AwaitQuiet();
    EXPECT_FALSE(world.Exists(create.id));
  });
  EXPECT_EQ(report.trouble, "");
}

INSTANTIATE_TEST_SUITE_P(Each,
                         SimRecordStoreOver,
                         testing::Values("fake", "sqlite"),
                         [](const auto& made) { return std::string(made.param); });

}  // namespace
}  // namespace datastorage
