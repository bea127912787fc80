#include "postgres/sessions.h"

#include <atomic>
#include <thread>

#include "postgres/store_session.h"

namespace datastorage::postgres {
namespace {

Sessions::Options OptionsOf(const std::string& database) {
  return {.connection = {test::PostgresServer::Shared().Conninfo(database)},
          .writer_count = 1,
          .reader_count = 1};
}

Call Asking(const std::string& sql) {
  return {.sql = sql};
}

TEST(Sessions, ReadsSeveralStatementsInOneSnapshot) {
  const std::string database = MakeStoreDatabase();
  test::PostgresServer& server = test::PostgresServer::Shared();
  server.Run(database, "CREATE TABLE fact (n int)");
  Sessions sessions(OptionsOf(database));
  std::atomic<bool> is_done = false;
  std::thread writer([&] {
    while (!is_done) server.Run(database, "INSERT INTO fact VALUES (1)");
  });
  const Call count = Asking("SELECT count(*) FROM fact, pg_sleep(0.001)");
  for (int i = 0; i < 20; ++i) {
    const auto rows =
        sessions.Read("count", {count, Asking("SELECT pg_sleep(0.02)"), count}, Soon());
    ASSERT_TRUE(rows.has_value()) << rows.error().message;
    ASSERT_EQ(rows->size(), 3U);
    EXPECT_EQ((*rows)[0].Integer(0, 0), (*rows)[2].Integer(0, 0));
  }
  is_done = true;
  writer.join();
  EXPECT_NE(server.Run(database, "SELECT count(*) FROM fact"), "0");
}

TEST(Sessions, ReadAgainWhenTheirSessionIsLost) {
  const std::string database = MakeStoreDatabase();
  test::PostgresServer& server = test::PostgresServer::Shared();
  server.Run(database, "CREATE SEQUENCE tries");
  Sessions sessions(OptionsOf(database));
  // Ends its own session the first time.
  const Call once = Asking(
      "SELECT CASE WHEN nextval('tries') = 1 THEN pg_terminate_backend(pg_backend_pid())"
      " ELSE true END");
  const auto rows = sessions.Read("ask", {once}, Soon());
  ASSERT_TRUE(rows.has_value()) << rows.error().message;
  EXPECT_TRUE(rows->front().Bool(0, 0));
  const Call always = Asking("SELECT pg_terminate_backend(pg_backend_pid())");
  EXPECT_EQ(CodeOf(sessions.Read("ask", {always}, Soon())), ErrorCode::kUnavailable);
  EXPECT_EQ(CodeOf(sessions.Read("ask", {always, always}, Soon())), ErrorCode::kUnavailable);
  EXPECT_TRUE(sessions.ReadOne("ask", Asking("SELECT 1"), Soon()).has_value());
}

// The plan of a prepared statement with arrays of one name each, as it is run from now on.
std::string PlanOf(Connection& session, const std::string& execution) {
  std::string plan;
  const auto rows = session.RunOne(
      "explain", Asking("EXPLAIN (VERBOSE, COSTS OFF) EXECUTE " + execution), Soon());
  if (!rows.has_value()) ADD_FAILURE() << rows.error().message;
  for (int row = 0; rows.has_value() && row < rows->count(); ++row) {
    plan += std::string(rows->Text(row, 0)) + '\n';
  }
  return plan;
}

TEST(Sessions, PlanCommitsByKeysAlthoughTheTablesWereEmptyThen) {
  const std::string database = MakeStoreDatabase();
  Sessions sessions(OptionsOf(database));
  const auto writer = sessions.writers().Acquire(Soon());
  ASSERT_TRUE(writer.has_value()) << writer.error().message;
  const std::string keys = "(ARRAY['execution'], ARRAY['key'])";
  const std::string id = "ARRAY['00000000-0000-0000-0000-000000000001']::uuid[]";
  const std::string ids = "(" + id + ")";
  const std::string ids_and_hashes = "(" + id + ", ARRAY['key']::bytea[])";
  for (const std::string& execution : {"held_natural_keys" + keys,
                                       "occupied_ids" + ids_and_hashes,
                                       "id_uses" + ids,
                                       "lock_records" + ids,
                                       "lock_pending" + ids,
                                       "lock_intents" + ids}) {
    const std::string plan = PlanOf(**writer, execution);
    EXPECT_EQ(plan.find("Seq Scan"), std::string::npos) << execution << '\n' << plan;
    EXPECT_NE(plan.find("Index"), std::string::npos) << execution << '\n' << plan;
    EXPECT_NE(plan.find("$1"), std::string::npos) << "planned for these values alone:\n" << plan;
  }
}

TEST(Sessions, WriteAllOrNothing) {
  const std::string database = MakeStoreDatabase();
  test::PostgresServer& server = test::PostgresServer::Shared();
  server.Run(database, "CREATE TABLE fact (n int PRIMARY KEY)");
  Sessions sessions(OptionsOf(database));
  const Call insert =
      Asking("INSERT INTO fact SELECT coalesce(max(n), 0) + 1 FROM fact RETURNING n");
  for (const auto durability :
       {Sessions::Durability::kServerCrash, Sessions::Durability::kNothing}) {
    const auto rows = sessions.Write("store", {insert, insert}, durability, Soon());
    ASSERT_TRUE(rows.has_value()) << rows.error().message;
    EXPECT_EQ((*rows)[1].Integer(0, 0), (*rows)[0].Integer(0, 0) + 1);
  }
  const Call wrong = Asking("INSERT INTO fact VALUES (1 / 0)");
  EXPECT_FALSE(
      sessions.Write("store", {insert, wrong}, Sessions::Durability::kServerCrash, Soon()));
  EXPECT_EQ(server.Run(database, "SELECT count(*) FROM fact"), "4");
}

TEST(Sessions, RepeatATransactionThatWasUndoneForAnothersSake) {
  const std::string database = MakeStoreDatabase();
  test::PostgresServer& server = test::PostgresServer::Shared();
  server.Run(database, "CREATE TABLE fact (n int); CREATE SEQUENCE tries");
  Sessions sessions(OptionsOf(database));
  const Call fails_once = Asking(
      "DO $$ BEGIN IF nextval('tries') = 1 THEN"
      " RAISE EXCEPTION 'later' USING ERRCODE = 'deadlock_detected'; END IF; END $$");
  const auto rows = sessions.Write("store",
                                   {Asking("INSERT INTO fact VALUES (1)"), fails_once},
                                   Sessions::Durability::kServerCrash,
                                   Soon());
  EXPECT_TRUE(rows.has_value());
  EXPECT_EQ(server.Run(database, "SELECT count(*) FROM fact"), "1");
}

}  // namespace
}  // namespace datastorage::postgres
