#include "postgres/set_registry.h"

#include <poll.h>

#include <thread>

#include "postgres/commit_wave.h"
#include "postgres/pending_rows.h"
#include "postgres/store_session.h"

namespace datastorage::postgres {
namespace {

class SetRegistryTest : public testing::Test {
 protected:
  static Sessions::Options SessionsOf(const StoreSession& store) {
    Sessions::Options options;
    options.connection.conninfo = test::PostgresServer::Shared().Conninfo(store.database);
    return options;
  }
  static VectorSet SetOf(const std::string& space, VectorSetState state = VectorSetState::kLive) {
    return {0, "far", space, "", PendingRule::kEverySet, state};
  }
  static CreateOp CreationWithText(int number) {
    CreateOp create = CreationOf("key-" + std::to_string(number));
    create.text_hash = HashOf("text");
    return create;
  }
  VectorSetId Register(const VectorSet& set) {
    const auto registered = registry_.RegisterSet(set, Soon());
    if (!registered.has_value()) ADD_FAILURE() << registered.error().message;
    return registered.has_value() ? registered->id : 0;
  }
  // Begins a commit, which is under way until the session ends its transaction.
  ConnectionPool::Lease BeginCommit(const WriteOp& operation) {
    auto session = store_.pool.Acquire(Soon());
    auto state = ReadWave(**session, {&operation, 1}, {WaveBegin::kBegins}, Soon());
    if (!state.has_value()) ADD_FAILURE() << state.error().message;
    WaveChanges changes;
    DecideWave({&operation, 1}, store_.clock.WallNow(), *state, changes);
    const auto written =
        (*session)->Run("commit", WriteCalls(changes, *state, VectorWriteMode::kDeferred), Soon());
    if (!written.has_value()) ADD_FAILURE() << written.error().message;
    return *std::move(session);
  }
  void AwaitSomebodyWaiting() {
    const Deadline deadline = Soon();
    while (store_.Ask("SELECT count(*) FROM pg_locks WHERE NOT granted") == "0") {
      ASSERT_FALSE(deadline.HasPassed()) << "nobody waits for the commit";
      poll(nullptr, 0, 1);
    }
  }
  std::string CountWithoutRow(VectorSetId set) {
    return store_.Ask(
        "SELECT count(*) FROM record AS r WHERE NOT EXISTS (SELECT FROM"
        " pending_vector AS p WHERE p.record_id = r.id AND p.set_id = " +
        std::to_string(set) + ")");
  }

  StoreSession store_;
  Sessions sessions_{SessionsOf(store_)};
  SetRegistry registry_{sessions_, store_.clock, 3};
};

TEST_F(SetRegistryTest, WaitsForCommitsThatDoNotKnowTheSet) {
  const WriteOp operation = CreationWithText(1);
  VectorSetId set = 0;
  std::thread registering;
  {
    const auto running = BeginCommit(operation);
    registering = std::thread([&] { set = Register(SetOf("a")); });
    AwaitSomebodyWaiting();
    EXPECT_TRUE(running->RunScript("commit", "COMMIT", Soon()).has_value());
  }
  registering.join();
  EXPECT_EQ(store_.Ask("SELECT count(*) FROM record"), "1");
  EXPECT_EQ(CountWithoutRow(set), "0");
}

TEST_F(SetRegistryTest, LeavesARowForEachRecordThatIsWrittenMeanwhile) {
  std::atomic<bool> is_over = false;
  std::atomic<int> count = 0;
  std::vector<std::thread> writers;
  for (int writer = 0; writer < 3; ++writer) {
    writers.emplace_back([&, writer] {
      for (int i = writer; !is_over; i += 3) {
        const CreateOp create = CreationWithText(i);
        store_.Commit({create});
        UpdateOp update = UpdateOf(create, 1);
        update.text_hash = create.text_hash;
        if (i % 2 == 0) store_.Commit({update});
        ++count;
      }
    });
  }
  const auto await_more = [&] {
    const Deadline deadline = Soon();
    for (const int before = count; count < before + 10 && !deadline.HasPassed();) {
      poll(nullptr, 0, 1);
    }
  };
  // Fast enough to overtake a commit, if it did not wait for it.
  SetRegistry registry(sessions_, store_.clock);
  std::vector<VectorSetId> sets;
  for (int i = 0; i < 12; ++i) {
    await_more();
    const auto set =
        registry.RegisterSet(SetOf(std::to_string(i), VectorSetState::kFilling), Soon());
    if (!set.has_value()) ADD_FAILURE() << set.error().message;
    if (set.has_value()) sets.push_back(set->id);
  }
  await_more();
  is_over = true;
  for (std::thread& writer : writers) writer.join();
  EXPECT_EQ(sets.size(), 12U);
  for (const VectorSetId set : sets) EXPECT_EQ(CountWithoutRow(set), "0") << set;
}

TEST_F(SetRegistryTest, LetsOneOfSeveralReplicasRegisterASet) {
  for (int i = 0; i < 20; ++i) store_.Commit({CreationWithText(i)});
  std::vector<Result<VectorSet>> results(4, Result<VectorSet>(VectorSet{}));
  std::vector<std::thread> replicas;
  for (auto& result : results) {
    replicas.emplace_back([&] { result = registry_.RegisterSet(SetOf("a"), Soon()); });
  }
  for (std::thread& replica : replicas) replica.join();
  int registered_count = 0;
  for (const auto& result : results) {
    if (result.has_value()) {
      ++registered_count;
    } else {
      EXPECT_EQ(result.error().code, ErrorCode::kConflict) << result.error().message;
    }
  }
  EXPECT_EQ(registered_count, 1);
  EXPECT_EQ(store_.Ask("SELECT string_agg(state, ' ') FROM vector_set"), "live");
  EXPECT_EQ(store_.Ask("SELECT count(*) FROM pending_vector"), "20");
}

// As a process leaves it that ends while it fills a set.
TEST_F(SetRegistryTest, GoesOnWithASetThatWasLeftHalfFilled) {
  for (int i = 0; i < 10; ++i) store_.Commit({CreationWithText(i)});
  store_.Ask(
      "INSERT INTO vector_set (engine, space, projection, pending_rule, state)"
      " VALUES ('far', 'a', '', 'every_set', 'preparing')");
  store_.Ask(
      "INSERT INTO pending_vector SELECT 1, id, stamp, 'due', '2020-01-01', 0, 'backfill',"
      " '2020-01-01' FROM record ORDER BY id LIMIT 4");
  ASSERT_EQ(registry_.Sets(Soon())->size(), 1U);
  EXPECT_EQ(registry_.Sets(Soon())->front().state, VectorSetState::kPreparing);
  EXPECT_EQ(
      CodeOf(registry_.ChangeSetState(1, VectorSetState::kFilling, VectorSetState::kLive, Soon())),
      ErrorCode::kConflict);
  store_.Commit({CreationWithText(10)});
  EXPECT_EQ(store_.Ask("SELECT count(*) FROM pending_vector"), "5") << "a commit leaves its row";
  EXPECT_EQ(Register(SetOf("a")), 1);
  EXPECT_EQ(CountWithoutRow(1), "0");
  EXPECT_EQ(store_.Ask("SELECT count(*) FROM pending_vector WHERE since = '2020-01-01'"), "4");
  EXPECT_EQ(registry_.Sets(Soon())->size(), 1U);
}

// The one that began it is gone; whoever finds it ends it, either way.
TEST_F(SetRegistryTest, FinishesOrGivesUpAHalfFilledSetByItsNumber) {
  constexpr VectorSetState kPreparing = VectorSetState::kPreparing;
  for (const VectorSetState to : {VectorSetState::kFilling, VectorSetState::kRetired}) {
    store_.Commit({CreationWithText(static_cast<int>(to))});
    const std::string id = store_.Ask(
        "INSERT INTO vector_set (engine, space, projection, pending_rule, state)"
        " VALUES ('far', 'a', '', 'every_set', 'preparing') RETURNING set_id");
    const VectorSetId set = std::stoll(id);
    store_.Commit({CreationWithText(10 + static_cast<int>(to))});
    ASSERT_TRUE(registry_.ChangeSetState(set, kPreparing, to, Soon()).has_value());
    EXPECT_EQ(store_.Ask("SELECT state FROM vector_set WHERE set_id = " + id), NameOf(to));
    const bool is_filled = to == VectorSetState::kFilling;
    EXPECT_EQ(CountWithoutRow(set), is_filled ? "0" : "4");
    EXPECT_EQ(store_.Ask("SELECT count(*) FROM pending_vector WHERE set_id = " + id),
              is_filled ? "2" : "0");
    EXPECT_TRUE(registry_.ChangeSetState(set, kPreparing, to, Soon()).has_value());
    store_.Ask("UPDATE vector_set SET state = 'retired'");
  }
}

TEST_F(SetRegistryTest, GivesUpAHalfFilledSetForAnother) {
  for (int i = 0; i < 10; ++i) store_.Commit({CreationWithText(i)});
  store_.Ask(
      "INSERT INTO vector_set (engine, space, projection, pending_rule, state)"
      " VALUES ('far', 'a', '', 'every_set', 'preparing')");
  store_.Ask(
      "INSERT INTO pending_vector SELECT 1, id, stamp, 'due', '2020-01-01', 0, 'backfill',"
      " '2020-01-01' FROM record");
  EXPECT_EQ(Register(SetOf("b")), 2);
  EXPECT_EQ(store_.Ask("SELECT string_agg(set_id || state, ' ' ORDER BY set_id) FROM vector_set"),
            "1retired 2live");
  EXPECT_EQ(store_.Ask("SELECT min(set_id) || ' ' || count(*) FROM pending_vector"), "2 10");
}

TEST_F(SetRegistryTest, LetsCommitsGoOnWhenItCannotHaveTheirLock) {
  const WriteOp operation = CreationWithText(1);
  const auto running = BeginCommit(operation);
  // Longer than it waits for a lock.
  const Deadline deadline = Deadline::In(std::chrono::milliseconds(2'500));
  std::optional<ErrorCode> code;
  std::thread registering([&] { code = CodeOf(registry_.RegisterSet(SetOf("a"), deadline)); });
  AwaitSomebodyWaiting();
  // They wait behind it, and it gives up before they have to.
  store_.Commit({CreationWithText(2)});
  store_.Commit({CreationWithText(3)});
  registering.join();
  EXPECT_EQ(code, ErrorCode::kDeadlineExceeded);
  EXPECT_EQ(store_.Ask("SELECT count(*) FROM vector_set"), "0");
}

TEST_F(SetRegistryTest, RetiresPendingRowsInPages) {
  const VectorSetId set = Register(SetOf("a", VectorSetState::kFilling));
  for (int i = 0; i < 10; ++i) store_.Commit({CreationWithText(i)});
  ASSERT_TRUE(registry_.ChangeSetState(set, VectorSetState::kFilling, VectorSetState::kLive, Soon())
                  .has_value());
  EXPECT_EQ(store_.Ask("SELECT count(*) FROM pending_vector"), "10");
  ASSERT_TRUE(registry_.ChangeSetState(set, VectorSetState::kLive, VectorSetState::kRetired, Soon())
                  .has_value());
  EXPECT_EQ(store_.Ask("SELECT count(*) FROM pending_vector"), "0");
  store_.Commit({CreationWithText(11)});
  EXPECT_EQ(store_.Ask("SELECT count(*) FROM pending_vector"), "0");
}

TEST_F(SetRegistryTest, NeedsNoMoreThanTheServiceMayDo) {
  test::PostgresServer& server = test::PostgresServer::Shared();
  server.Run("postgres",
             "CREATE ROLE registrar LOGIN PASSWORD '" +
                 std::string(test::PostgresServer::kPassword) + "'");
  const auto owner = OpenSession(server.Conninfo(store_.database));
  ASSERT_TRUE(Migrate(*owner, AllMigrations(), "registrar", Soon()).has_value());
  store_.Commit({CreationWithText(1), CreationWithText(2)});
  Sessions::Options options;
  options.connection.conninfo = server.Conninfo(store_.database, "registrar");
  Sessions sessions(options);
  SetRegistry registry(sessions, store_.clock);
  PendingRows rows(sessions);
  const auto set = registry.RegisterSet(SetOf("a"), Soon());
  ASSERT_TRUE(set.has_value()) << set.error().message;
  const WallTime now = store_.clock.WallNow();
  const auto leased = rows.LeaseDue(set->id, 9, {now, now}, Soon());
  ASSERT_TRUE(leased.has_value()) << leased.error().message;
  ASSERT_EQ(leased->size(), 2U);
  EXPECT_TRUE(rows.Fail(*leased, PendingReason::kEmbedderBusy, now, Soon()).has_value());
  EXPECT_TRUE(rows.Park(*leased, Soon()).has_value());
  EXPECT_EQ(rows.Release(set->id, now, Soon()), 2);
  EXPECT_TRUE(rows.Settle(std::span(*leased).first(1), Soon()).has_value());
  EXPECT_TRUE(
      registry.ChangeSetState(set->id, VectorSetState::kLive, VectorSetState::kRetired, Soon())
          .has_value());
  EXPECT_EQ(store_.Ask("SELECT count(*) FROM pending_vector"), "0");
  EXPECT_TRUE(registry.Secret("cursor", Soon()).has_value());
  store_.Ask("DROP OWNED BY registrar");
  server.Run("postgres", "DROP ROLE registrar");
}

TEST_F(SetRegistryTest, KeepsOneSecretForAll) {
  std::vector<std::string> secrets(4);
  std::vector<std::thread> replicas;
  for (std::string& secret : secrets) {
    replicas.emplace_back([&] { secret = registry_.Secret("cursor", Soon()).value_or(""); });
  }
  for (std::thread& replica : replicas) replica.join();
  EXPECT_EQ(secrets[0].size(), 32U);
  for (const std::string& secret : secrets) EXPECT_EQ(secret, secrets[0]);
  EXPECT_NE(registry_.Secret("other", Soon()), secrets[0]);
}

}  // namespace
}  // namespace datastorage::postgres
