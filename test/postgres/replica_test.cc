#include "postgres/replica.h"

#include <atomic>
#include <thread>

#include "postgres/generated_records.h"
#include "support/cutting_proxy.h"

namespace datastorage::postgres {
namespace {

Replica::Options OptionsOf(const std::string& database, Replica::Use use) {
  return {{test::PostgresServer::Shared().Conninfo(database)},
          use,
          std::chrono::milliseconds(1'500),  // A session ends a moment after its client.
          {}};
}

// Polls, since what is awaited happens in a task of the replica.
template <class Condition>
bool Await(const Condition& condition) {
  const Deadline deadline = Soon();
  while (!condition() && !deadline.HasPassed()) std::this_thread::yield();
  return condition();
}

TEST(Replica, SharesTheDatabaseWithOthersThatDo) {
  const std::string database = MakeStoreDatabase();
  Replica first(ThreadRuntime(), OptionsOf(database, Replica::Use::kShared));
  Replica second(ThreadRuntime(), OptionsOf(database, Replica::Use::kShared));
  EXPECT_TRUE(first.Open(Soon()).has_value());
  EXPECT_TRUE(second.Open(Soon()).has_value());
}

TEST(Replica, RefusesAnotherWhereOneIsAlone) {
  const std::string database = MakeStoreDatabase();
  for (const auto first_use : {Replica::Use::kAlone, Replica::Use::kShared}) {
    Replica first(ThreadRuntime(), OptionsOf(database, first_use));
    ASSERT_TRUE(first.Open(Soon()).has_value());
    for (const auto use : {Replica::Use::kAlone, Replica::Use::kShared}) {
      if (first_use == Replica::Use::kShared && use == Replica::Use::kShared) continue;
      Replica second(ThreadRuntime(), OptionsOf(database, use));
      testing::internal::CaptureStderr();
      const Result<void> opened = second.Open(Soon());
      const std::string log = testing::internal::GetCapturedStderr();
      EXPECT_NE(log.find("waiting for it to end"), std::string::npos) << log;
      EXPECT_EQ(log.find("waiting for it to end"), log.rfind("waiting for it to end")) << log;
      ASSERT_EQ(CodeOf(opened), ErrorCode::kUnavailable);
      EXPECT_NE(opened.error().message.find("--vectors"), std::string::npos);
    }
  }
  Replica next(ThreadRuntime(), OptionsOf(database, Replica::Use::kAlone));
  EXPECT_TRUE(next.Open(Soon()).has_value()) << "the others have gone";
}

// The sessions that hold the place.
std::string HoldersOf(const std::string& database) {
  return test::PostgresServer::Shared().Run(
      database,
      "SELECT string_agg(pid::text, ' ') FROM pg_locks WHERE locktype = 'advisory'"
      " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())");
}

bool IsHeldByAnother(const std::string& database, const std::string& before) {
  return Await([&] {
    const std::string now = HoldersOf(database);
    return !now.empty() && now != before;
  });
}

TEST(Replica, TakesItsPlaceAgainAfterItsSessionWasCut) {
  const std::string database = MakeStoreDatabase();
  Replica replica(ThreadRuntime(), OptionsOf(database, Replica::Use::kAlone));
  ASSERT_TRUE(replica.Open(Soon()).has_value());
  const std::string before = HoldersOf(database);
  test::PostgresServer::Shared().Run(database,
                                     "SELECT pg_terminate_backend(" + before + ", 10000)");
  EXPECT_TRUE(IsHeldByAnother(database, before));
}

TEST(Replica, TakesItsPlaceFromItsFormerSessionThatTheServerStillHolds) {
  const std::string database = MakeStoreDatabase();
  test::CuttingProxy proxy(test::PostgresServer::Shared().socket_path());
  std::atomic<bool> is_lost = false;
  Replica::Options options = OptionsOf(database, Replica::Use::kAlone);
  options.connection.conninfo = "host=127.0.0.1 port=" + std::to_string(proxy.port()) +
                                " dbname=" + database + " user=postgres";
  options.on_lost = [&](std::string_view) { is_lost = true; };
  Replica replica(ThreadRuntime(), options);
  ASSERT_TRUE(replica.Open(Soon()).has_value());
  const std::string before = HoldersOf(database);
  proxy.DropClients();
  EXPECT_TRUE(IsHeldByAnother(database, before));
  EXPECT_FALSE(is_lost);
}

TEST(Replica, SaysWhenAnotherHasTakenItsPlace) {
  const std::string database = MakeStoreDatabase();
  test::PostgresServer& server = test::PostgresServer::Shared();
  std::atomic<bool> is_lost = false;
  Replica::Options options = OptionsOf(database, Replica::Use::kAlone);
  options.on_lost = [&](std::string_view) { is_lost = true; };
  Replica replica(ThreadRuntime(), options);
  ASSERT_TRUE(replica.Open(Soon()).has_value());
  const auto other = OpenSession(server.Conninfo(database));
  // In one statement, so that the replica cannot be faster.
  const auto taken =
      other->RunOne("take",
                    {.sql = "SELECT pg_terminate_backend(l.pid, 10000),"
                            " pg_advisory_lock(hashtextextended('datastorage replica', 0))"
                            " FROM pg_locks AS l JOIN pg_database AS d ON d.oid = l.database"
                            " WHERE l.locktype = 'advisory' AND d.datname = current_database()"},
                    Soon());
  ASSERT_TRUE(taken.has_value());
  EXPECT_TRUE(Await([&] { return is_lost.load(); }));
}

TEST(Replica, MakesPartitionsAheadOfTheirMonths) {
  const std::string database = MakeStoreDatabase();
  test::PostgresServer& server = test::PostgresServer::Shared();
  const std::string drop =
      "DO $$ DECLARE name text; BEGIN FOR name IN SELECT inhrelid::regclass FROM pg_inherits"
      " WHERE inhparent = 'record'::regclass AND inhrelid <> 'record_other'::regclass"
      " LOOP EXECUTE 'DROP TABLE ' || name; END LOOP; END $$";
  server.Run(database, drop);
  Replica replica(ThreadRuntime(), OptionsOf(database, Replica::Use::kShared));
  ASSERT_TRUE(replica.Open(Soon()).has_value());
  EXPECT_EQ(server.Run(database,
                       "SELECT to_regclass('record' || to_char(now() AT TIME ZONE 'UTC'"
                       " + interval '1 month', '_YYYY_MM')) IS NOT NULL"),
            "t");
}

TEST(Replica, CountsTheWordsOfAStoreThatHasGrown) {
  SearchSession store;
  GenerateRecords(store, 2'500);
  Replica replica(ThreadRuntime(), OptionsOf(store.database, Replica::Use::kShared));
  ASSERT_TRUE(replica.Open(Soon()).has_value());
  EXPECT_TRUE(
      Await([&] { return store.Ask("SELECT looked_at FROM word_sample_total") == "2500"; }));
}

}  // namespace
}  // namespace datastorage::postgres
