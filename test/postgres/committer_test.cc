#include "postgres/committer.h"

#include <poll.h>

#include <algorithm>
#include <atomic>
#include <mutex>
#include <thread>

#include "postgres/beside_the_fake.h"
#include "postgres/commit_wave.h"

namespace datastorage::postgres {
namespace {

TEST(Committer, DoesWhatTheFakeDoesInRandomSpans) {
  std::set<WriteStatus> seen;
  for (std::uint64_t seed = 1; seed <= 6; ++seed) {
    SCOPED_TRACE(seed);
    BesideTheFake both(seed);
    for (int span = 0; span < 110 && !testing::Test::HasFailure(); ++span) both.CommitSpan();
    seen.insert(both.seen.begin(), both.seen.end());
  }
  EXPECT_EQ(seen.size(), static_cast<std::size_t>(WriteStatus::kNotAttempted) + 1);
}

// New ids are believed to be new, and the primary key tells of those that are not.
TEST(Committer, TellsOfAnIdThatIsTakenWithoutHarmToItsNeighbours) {
  StoreSession store;
  const CreateOp first = CreationOf("first");
  const CreateOp erased = CreationOf("erased");
  store.Commit({first, erased});
  store.Commit(
      {EraseOp{erased.id, SystemUuidSource().MakeVersion4(), erased.now, "operator", "asked to"}});
  CreateOp same_id = CreationOf("second");
  same_id.id = first.id;
  CreateOp erased_id = CreationOf("third");
  erased_id.id = erased.id;
  const auto outcomes = store.Commit(
      {CreationOf("before"), same_id, erased_id, CreationOf("erased"), CreationOf("after")});
  std::vector<WriteStatus> statuses;
  for (const WriteOutcome& outcome : outcomes) statuses.push_back(outcome.status);
  using enum WriteStatus;
  EXPECT_EQ(statuses, (std::vector<WriteStatus>{kCreated, kConflict, kErased, kErased, kCreated}));
  EXPECT_EQ(outcomes[1].version, 1);
  EXPECT_EQ(store.Ask("SELECT count(*) FROM natural_key"), "3") << "none was left behind";
}

TEST(Committer, LetsOneOfManyWritersHaveAKey) {
  StoreSession store;
  std::atomic<int> created_count = 0;
  std::atomic<int> other_count = 0;
  std::vector<std::thread> writers;
  for (int writer = 0; writer < 6; ++writer) {
    writers.emplace_back([&, writer] {
      for (int round = 0; round < 10; ++round) {
        std::vector<WriteOp> operations;
        // In another order each: the store must put them in its own.
        for (int i = 0; i < 10; ++i) {
          const int key = round * 10 + (i * 3 + writer) % 10;
          CreateOp create = CreationOf("key-" + std::to_string(key));
          create.claim = IdempotencyClaim{"claim-" + std::to_string(key), HashOf("request")};
          operations.emplace_back(create);
        }
        for (const WriteOutcome& outcome : store.Commit(operations)) {
          if (outcome.status == WriteStatus::kCreated) {
            ++created_count;
          } else {
            EXPECT_EQ(outcome.status, WriteStatus::kReplayed);
            ++other_count;
          }
        }
      }
    });
  }
  for (std::thread& writer : writers) writer.join();
  EXPECT_EQ(created_count, 100);
  EXPECT_EQ(other_count, 500);
  EXPECT_EQ(store.Ask("SELECT count(*) FROM record"), "100");
  EXPECT_EQ(store.Ask("SELECT count(*) FROM record r JOIN natural_key n USING (id)"
                      " JOIN idempotency_key i USING (id)"),
            "100");
}

TEST(Committer, MakesOneVersionOfEachUpdateThatWins) {
  StoreSession store;
  const CreateOp create = CreationOf("key");
  store.Commit({create});
  std::atomic<int> updated_count = 0;
  std::vector<std::thread> writers;
  for (int writer = 0; writer < 4; ++writer) {
    writers.emplace_back([&] {
      for (std::int64_t version = 1; version <= 25; ++version) {
        const WriteOutcome outcome = store.Commit({UpdateOf(create, version)}).at(0);
        if (outcome.status == WriteStatus::kUpdated) ++updated_count;
      }
    });
  }
  for (std::thread& writer : writers) writer.join();
  EXPECT_EQ(store.Ask("SELECT version FROM record"), std::to_string(1 + updated_count));
  EXPECT_EQ(store.Ask("SELECT count(*) FROM record_version"), std::to_string(updated_count));
  // The stamp rises with the version.
  EXPECT_EQ(store.Ask("SELECT count(*) FROM record_version a JOIN record_version b"
                      " ON b.version = a.version + 1 WHERE b.stamp <= a.stamp"),
            "0");
}

TEST(Committer, TellsOfEachAttemptWhetherItCommitted) {
  StoreSession store;
  const CreateOp create = CreationOf("key");
  const UpdateOp update = UpdateOf(create, 1);
  const EraseOp erase{
      create.id, SystemUuidSource().MakeVersion4(), create.now, "operator", "asked to"};
  const std::vector<AttemptRef> attempts{
      {create.id, create.attempt}, {create.id, update.attempt}, {create.id, erase.attempt}};
  const std::vector<WriteOp> operations{create, update, erase};
  for (std::size_t done = 0; done <= operations.size(); ++done) {
    const auto outcomes = store.committer.SettleAttempts(attempts, Soon());
    ASSERT_TRUE(outcomes.has_value());
    for (std::size_t i = 0; i < attempts.size(); ++i) {
      EXPECT_EQ((*outcomes)[i].is_committed, i < done) << done << " " << i;
      EXPECT_EQ((*outcomes)[i].version, i >= done ? 0 : i == 0 ? 1 : 2);
    }
    if (done < operations.size()) store.Commit({operations[done]});
  }
}

TEST(Committer, TellsNothingOfAnAttemptThatMayStillCommit) {
  StoreSession store;
  const CreateOp create = CreationOf("key");
  const WriteOp operation = create;
  const AttemptRef attempt{create.id, create.attempt};
  const auto running = store.pool.Acquire(Soon());
  // A session for the settling, open before its short time begins.
  ASSERT_TRUE(store.pool.Acquire(Soon()).has_value());
  ASSERT_TRUE(ReadWave(**running, {&operation, 1}, {WaveBegin::kBegins}, Soon()).has_value());
  const auto settle = [&](Deadline deadline) {
    return store.committer.SettleAttempts({&attempt, 1}, deadline);
  };
  EXPECT_EQ(CodeOf(settle(Deadline::In(std::chrono::milliseconds(100)))),
            ErrorCode::kDeadlineExceeded);
  (*running)->Rollback();
  const auto settled = settle(Soon());
  ASSERT_TRUE(settled.has_value());
  EXPECT_FALSE(settled->at(0).is_committed);
}

// Kills the server under writers, and looks for everything that was acknowledged.
TEST(Committer, LosesNothingThatWasAcknowledgedWhenTheServerIsKilled) {
  test::PostgresServer server;
  ASSERT_TRUE(
      Migrate(*OpenSession(server.Conninfo("postgres")), AllMigrations(), "", Soon()).has_value());
  const ManualClock clock;
  ConnectionPool pool(4, [&](Deadline deadline) -> Result<std::unique_ptr<Connection>> {
    DS_ASSIGN_OR_RETURN(std::unique_ptr<Connection> connection,
                        Connection::Open({.conninfo = server.Conninfo("postgres")}, deadline));
    DS_RETURN_IF_ERROR(connection->Prepare(AllStatements(), deadline));
    return connection;
  });
  Committer committer(pool, clock);
  std::mutex mutex;
  std::vector<AttemptRef> acknowledged;
  std::vector<AttemptRef> refused;
  std::atomic<bool> is_over = false;
  std::vector<std::thread> writers;
  for (int writer = 0; writer < 4; ++writer) {
    writers.emplace_back([&, writer] {
      for (int i = 0; !is_over; ++i) {
        const CreateOp create =
            CreationOf("key-" + std::to_string(writer) + "-" + std::to_string(i));
        const WriteOp operation = create;
        const auto outcomes = committer.Commit({&operation, 1}, CommitMode::kEachForItself, Soon());
        // While the server is down it answers at once: leave it the processor.
        if (!outcomes.has_value()) poll(nullptr, 0, 10);
        const std::lock_guard lock(mutex);
        if (outcomes.has_value()) {
          acknowledged.push_back({create.id, create.attempt});
        } else if (outcomes.error().code != ErrorCode::kOutcomeUnknown) {
          refused.push_back({create.id, create.attempt});
        }
      }
    });
  }
  const auto count = [&] {
    const std::lock_guard lock(mutex);
    return acknowledged.size();
  };
  for (int kill = 0; kill < 3; ++kill) {
    const std::size_t before = count();
    while (count() < before + 50) poll(nullptr, 0, 1);
    server.Kill();
    server.Start();
  }
  is_over = true;
  for (std::thread& writer : writers) writer.join();
  // For a moment after the server's return callers are still told that it is away.
  auto kept = committer.SettleAttempts(acknowledged, Soon());
  for (const Deadline deadline = Soon(); !kept.has_value() && !deadline.HasPassed();) {
    poll(nullptr, 0, 10);
    kept = committer.SettleAttempts(acknowledged, Soon());
  }
  ASSERT_TRUE(kept.has_value());
  EXPECT_TRUE(std::all_of(kept->begin(), kept->end(), [](const AttemptOutcome& outcome) {
    return outcome.is_committed;
  })) << "an acknowledged write is lost";
  // Thousands were refused while it was down: the first ones are enough.
  refused.resize(std::min<std::size_t>(refused.size(), 2'000));
  const auto gone = committer.SettleAttempts(refused, Soon());
  ASSERT_TRUE(gone.has_value());
  EXPECT_TRUE(std::none_of(gone->begin(), gone->end(), [](const AttemptOutcome& outcome) {
    return outcome.is_committed;
  })) << "a refused write is there";
}

}  // namespace
}  // namespace datastorage::postgres
