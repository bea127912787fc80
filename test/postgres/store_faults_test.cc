// What writers and readers are told while the database degrades, and that they recover by
// themselves: each case on a server of its own, with the sessions that the store uses.
#include <optional>
#include <thread>

#include "postgres/faulted_store.h"

namespace datastorage::postgres {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using test::PostgresServer;
using Store = FaultedStore;

TEST(StoreFaults, WhileTheServerIsStoppedCallersHearItAtOnceAndItComesBack) {
  PostgresServer server;
  MakeSchema(server);
  Store store(server.Conninfo("postgres"));
  ASSERT_TRUE(store.Recovers());
  server.Stop();
  EXPECT_EQ(CodeOf(store.WriteNext()), ErrorCode::kUnavailable);
  EXPECT_LT(store.TimeOfFailures(100), seconds(2));
  server.Start();
  ASSERT_TRUE(store.Recovers());
  EXPECT_EQ(store.CountRecords()->Integer(0, 0), store.stored_count());
}

TEST(StoreFaults, WhileTheServerHangsOneCallerWaitsAndTheOthersHearItAtOnce) {
  PostgresServer server;
  MakeSchema(server);
  Store store(server.Conninfo("postgres"));
  ASSERT_TRUE(store.Recovers());
  server.Pause();
  const Deadline deadline = Deadline::In(milliseconds(1'500));
  EXPECT_EQ(CodeOf(store.WriteNext(deadline)), ErrorCode::kDeadlineExceeded)
      << "no COMMIT was sent";
  EXPECT_EQ(CodeOf(store.CountRecords(deadline)), ErrorCode::kDeadlineExceeded);
  EXPECT_EQ(CodeOf(store.CountRecords(Deadline::In(milliseconds(1'500)))),
            ErrorCode::kDeadlineExceeded);
  EXPECT_FALSE(Deadline::At(deadline.time() + seconds(3)).HasPassed());
  // Now both pools know it: connecting is tried by one at a time, for two seconds at most.
  const SteadyTime begin = SystemClock().Now();
  std::vector<std::jthread> callers;
  for (int caller = 0; caller < 16; ++caller) {
    callers.emplace_back([&] {
      EXPECT_EQ(CodeOf(store.CountRecords(Deadline::In(seconds(20)))), ErrorCode::kUnavailable);
    });
  }
  callers.clear();
  EXPECT_LT(SystemClock().Now() - begin, seconds(6));
  server.Resume();
  ASSERT_TRUE(store.Recovers());
  EXPECT_EQ(store.CountRecords()->Integer(0, 0), store.stored_count());
}

TEST(StoreFaults, WhileTheServerIsReadOnlyReadersGoOn) {
  PostgresServer server;
  MakeSchema(server);
  Store store(server.Conninfo("postgres"));
  ASSERT_TRUE(store.Recovers());
  server.Run("postgres", "ALTER SYSTEM SET default_transaction_read_only = on");
  server.Run("postgres", "SELECT pg_reload_conf()");
  const Error refused = store.AwaitFailure();
  EXPECT_EQ(refused.code, ErrorCode::kUnavailable);
  EXPECT_NE(refused.message.find("read-only"), std::string::npos) << refused.message;
  EXPECT_TRUE(store.CountRecords().has_value());
  server.Run("postgres", "ALTER SYSTEM RESET default_transaction_read_only");
  server.Run("postgres", "SELECT pg_reload_conf()");
  EXPECT_TRUE(store.Recovers());
}

TEST(StoreFaults, GoesOnWithTheSessionsThatItHasWhereTheServerTakesNoMore) {
  PostgresServer server({.settings = {"max_connections=12"}});
  MakeSchema(server);
  Store store(server.Conninfo("postgres"));
  ASSERT_TRUE(store.WriteNext().has_value());
  std::vector<std::unique_ptr<Connection>> hogs;
  while (true) {
    auto hog = Connection::Open({.conninfo = server.SocketConninfo("postgres")}, Soon());
    if (!hog.has_value()) break;
    hogs.push_back(*std::move(hog));
  }
  EXPECT_EQ(CodeOf(store.CountRecords()), ErrorCode::kUnavailable) << "no reader is there yet";
  // Two would write at a time; there is one session.
  std::optional<ConnectionPool::Lease> held(*store.sessions().writers().Acquire(Soon()));
  std::jthread waiting([&] { EXPECT_TRUE(store.WriteNext().has_value()); });
  EXPECT_FALSE(store.sessions().writers().Acquire(Deadline::In(milliseconds(50))).has_value());
  held.reset();
  waiting.join();
  hogs.clear();
  EXPECT_TRUE(store.Recovers());
}

// The standby has all that was acknowledged: the primary waits for it.
class Failover : public testing::Test {
 protected:
  Failover() {
    MakeSchema(primary_);
    standby_.emplace(test::PostgresServerOptions{.primary = &primary_});
    primary_.Run("postgres", "ALTER SYSTEM SET synchronous_standby_names = '*'");
    primary_.Run("postgres", "SELECT pg_reload_conf()");
    store_.emplace("host=127.0.0.1,127.0.0.1 port=" + std::to_string(primary_.port()) + "," +
                   std::to_string(standby_->port()) +
                   " target_session_attrs=read-write dbname=postgres user=postgres password=" +
                   PostgresServer::kPassword);
  }

  void WriteSome() {
    ASSERT_TRUE(store_->Recovers());
    for (int i = 0; i < 20; ++i) ASSERT_TRUE(store_->WriteNext().has_value());
  }
  void ExpectAllThere() {
    ASSERT_TRUE(store_->Recovers());
    EXPECT_GE(store_->CountRecords()->Integer(0, 0), store_->stored_count());
    EXPECT_EQ(standby_->Run("postgres", "SELECT pg_is_in_recovery()"), "f");
  }

  PostgresServer primary_;
  std::optional<PostgresServer> standby_;
  std::optional<Store> store_;
};

TEST_F(Failover, GoesToThePromotedStandbyWhenThePrimaryDied) {
  WriteSome();
  primary_.Kill();
  const auto refused = store_->WriteNext();
  EXPECT_EQ(CodeOf(refused), ErrorCode::kUnavailable);
  EXPECT_NE(store_->AwaitFailure().message.find("takes writes"), std::string::npos);
  standby_->Promote();
  ExpectAllThere();
}

// A machine that is cut off does not even refuse: its share of the time must leave enough for the
// other one.
TEST_F(Failover, GoesToThePromotedStandbyWhenThePrimaryHangs) {
  WriteSome();
  primary_.Pause();
  standby_->Promote();
  EXPECT_FALSE(store_->WriteNext(Deadline::In(milliseconds(1'200))).has_value());
  ExpectAllThere();
  const SteadyTime begin = SystemClock().Now();
  const auto another = store_->sessions().writers().Acquire(Soon());
  const auto opened = store_->sessions().writers().Acquire(Soon());
  EXPECT_TRUE(opened.has_value());
  EXPECT_LT(SystemClock().Now() - begin, milliseconds(900))
      << "it begins with the one that answers";
}

TEST(StoreFaults, WaitsForALockAsLongAsItMayAndStoresNothing) {
  PostgresServer server;
  MakeSchema(server);
  Store store(server.Conninfo("postgres"));
  const CreateOp create = CreationOf("key");
  ASSERT_TRUE(store.Write(create).has_value());
  const auto holder = OpenSession(server.Conninfo("postgres"));
  const WriteOp update = UpdateOf(create, 1);
  const WriteOp creation = CreationOf("other");
  struct Case {
    const char* held;
    const WriteOp* operation;
    ErrorCode in_hurry;
  };
  const Case cases[] = {
      {"SELECT FROM record FOR UPDATE", &update, ErrorCode::kConflict},
      {"INSERT INTO natural_key VALUES ('execution', 'other', gen_random_uuid())",
       &creation,
       ErrorCode::kConflict},
      // Every commit needs this one: it is about none of them.
      {"SELECT pg_advisory_xact_lock(7310868418)", &creation, ErrorCode::kUnavailable}};
  for (const Case& each : cases) {
    SCOPED_TRACE(each.held);
    ASSERT_TRUE(holder->RunScript("hold", std::string("BEGIN; ") + each.held, Soon()).has_value());
    const auto commit = [&](CommitMode mode) {
      return store.committer().Commit({each.operation, 1}, mode, Deadline::In(seconds(5)));
    };
    EXPECT_EQ(CodeOf(commit(CommitMode::kEachForItself)), ErrorCode::kUnavailable);
    EXPECT_EQ(CodeOf(commit(CommitMode::kEachUnlessBlocked)), each.in_hurry);
    holder->Rollback();
  }
  EXPECT_EQ(server.Run("postgres", "SELECT string_agg(version::text, ' ') FROM record"), "1");
  EXPECT_TRUE(
      store.committer().Commit({&creation, 1}, CommitMode::kEachUnlessBlocked, Soon()).has_value());
}

}  // namespace
}  // namespace datastorage::postgres
