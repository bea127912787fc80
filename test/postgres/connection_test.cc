#include "postgres/connection.h"

#include <gmock/gmock.h>

#include <thread>

#include "postgres/session.h"

namespace datastorage::postgres {
namespace {

using test::PostgresServer;
using testing::AllOf;
using testing::Gt;
using testing::Le;

std::vector<Call> Calls(const std::vector<std::string>& statements) {
  std::vector<Call> calls{{.name = Connection::kBegin}};
  for (const std::string& sql : statements) calls.push_back({.sql = sql});
  calls.push_back({.name = Connection::kCommit});
  return calls;
}

class ConnectionTest : public testing::Test {
 protected:
  ConnectionTest() {
    server_.Run(database_, "CREATE TABLE fact (n int PRIMARY KEY DEFERRABLE INITIALLY DEFERRED)");
  }
  std::string Facts() { return server_.Run(database_, "SELECT count(*) FROM fact"); }

  PostgresServer& server_ = PostgresServer::Shared();
  std::string database_ = server_.MakeDatabase();
  std::unique_ptr<Connection> session_ = OpenSession(server_.Conninfo(database_));
};

TEST_F(ConnectionTest, RunsCallsInOrderInOneTransaction) {
  const auto rows = session_->Run(
      "store", Calls({"INSERT INTO fact VALUES (1), (2)", "SELECT count(*) FROM fact"}), Soon());
  ASSERT_TRUE(rows.has_value());
  ASSERT_EQ(rows->size(), 4U);
  EXPECT_EQ((*rows)[1].changed_count(), 2);
  EXPECT_EQ((*rows)[2].Integer(0, 0), 2);
  EXPECT_EQ(Facts(), "2");
}

TEST_F(ConnectionTest, StoresNothingWhenOneCallFails) {
  const auto rows = session_->Run(
      "store", Calls({"INSERT INTO fact VALUES (1)", "SELECT 1 / 0", "SELECT 1"}), Soon());
  EXPECT_EQ(CodeOf(rows), ErrorCode::kInternal);
  EXPECT_EQ(session_->last_failure().sqlstate, "22012");
  session_->Rollback();
  EXPECT_TRUE(session_->is_usable());
  EXPECT_FALSE(session_->IsInTransaction());
  EXPECT_EQ(Facts(), "0");
}

TEST_F(ConnectionTest, KnowsThatACommitThatWasRefusedChangedNothing) {
  const auto rows = session_->Run("store", Calls({"INSERT INTO fact VALUES (1), (1)"}), Soon());
  EXPECT_EQ(CodeOf(rows), ErrorCode::kConflict);
  EXPECT_EQ(session_->last_failure().sqlstate, "23505");
  EXPECT_EQ(Facts(), "0");
}

// A failed transaction answers COMMIT with ROLLBACK, and without an error.
TEST_F(ConnectionTest, BelievesNoCommitThatAnsweredRollback) {
  ASSERT_TRUE(session_->RunOne("begin", {.name = Connection::kBegin}, Soon()).has_value());
  ASSERT_FALSE(session_->RunOne("fail", {.sql = "SELECT 1 / 0"}, Soon()).has_value());
  // The timeout's statement would fail first in a pipeline: this is the bare COMMIT.
  const auto committed = session_->RunScript("commit", "COMMIT", Soon());
  EXPECT_TRUE(committed.has_value());
  const auto rows = session_->Run("store", Calls({"ROLLBACK"}), Soon());
  EXPECT_EQ(CodeOf(rows), ErrorCode::kOutcomeUnknown) << "a warning came with it";
}

TEST_F(ConnectionTest, LetsTheServerEndAStatementAtTheDeadline) {
  const Deadline deadline = Deadline::In(std::chrono::seconds(1));
  const auto slept = session_->RunOne("sleep", {.sql = "SELECT pg_sleep(60)"}, deadline);
  EXPECT_EQ(CodeOf(slept), ErrorCode::kDeadlineExceeded);
  EXPECT_EQ(session_->last_failure().sqlstate, "57014");
  EXPECT_TRUE(session_->is_usable()) << "the session goes on";
  EXPECT_TRUE(session_->RunOne("ask", {.sql = "SELECT 1"}, Soon()).has_value());
}

// A transaction is told its deadline once, and again where a step has another.
TEST_F(ConnectionTest, KeepsTheDeadlineOfEachStepOfATransaction) {
  const auto timeout_ms = [&](Deadline deadline) {
    const auto rows = session_->RunOne(
        "ask",
        {.sql = "SELECT setting::bigint FROM pg_settings WHERE name = 'statement_timeout'"},
        deadline);
    return rows.has_value() ? rows->Integer(0, 0) : -1;
  };
  const auto begin = [&] {
    const Call beginning{.name = Connection::kBegin};
    EXPECT_TRUE(session_->Run("begin", {beginning}, Deadline::In(std::chrono::minutes(1))));
    EXPECT_EQ(timeout_ms(Deadline::In(std::chrono::minutes(1))), 30'000) << "the most of all";
  };
  begin();
  EXPECT_THAT(timeout_ms(Deadline::In(std::chrono::seconds(20))), AllOf(Gt(10'000), Le(20'000)));
  const Deadline soon = Deadline::In(std::chrono::seconds(1));
  const auto slept = session_->RunOne("sleep", {.sql = "SELECT pg_sleep(60)"}, soon);
  EXPECT_EQ(CodeOf(slept), ErrorCode::kDeadlineExceeded);
  EXPECT_TRUE(session_->is_usable()) << "the server ended it";
  session_->Rollback();
  EXPECT_TRUE(session_->RunScript("begin", "BEGIN", Soon()).has_value());
  EXPECT_THAT(timeout_ms(Deadline::In(std::chrono::seconds(10))), AllOf(Gt(1'000), Le(10'000)))
      << "that of another transaction was told";
  session_->Rollback();
  begin();
}

TEST_F(ConnectionTest, WaitsForNoLockLongerThanItsTimeout) {
  const auto other = OpenSession(server_.Conninfo(database_));
  ASSERT_TRUE(other->RunScript("lock", "BEGIN; LOCK TABLE fact", Soon()).has_value());
  auto impatient = Connection::Open(
      {.conninfo = server_.Conninfo(database_), .lock_timeout = std::chrono::milliseconds(50)},
      Soon());
  const auto rows = (*impatient)->Run("store", Calls({"INSERT INTO fact VALUES (1)"}), Soon());
  EXPECT_EQ(CodeOf(rows), ErrorCode::kUnavailable);
  EXPECT_EQ((*impatient)->last_failure().sqlstate, "55P03");
}

TEST_F(ConnectionTest, ChangedNothingWhenItWasLostBeforeTheCommit) {
  std::vector<Call> calls = Calls({"INSERT INTO fact VALUES (1)"});
  calls.pop_back();
  ASSERT_TRUE(session_->Run("store", std::move(calls), Soon()).has_value());
  server_.Run(database_,
              "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = "
              "current_database() AND pid <> pg_backend_pid()");
  const auto rows = session_->RunOne("store", {.sql = "SELECT 1"}, Soon());
  EXPECT_EQ(CodeOf(rows), ErrorCode::kUnavailable);
  EXPECT_FALSE(session_->is_usable());
  EXPECT_EQ(Facts(), "0");
}

TEST_F(ConnectionTest, HoldsALargeStepInOneTrip) {
  std::vector<std::string> statements;
  for (int i = 0; i < 500; ++i) {
    statements.push_back("INSERT INTO fact SELECT " + std::to_string(i) + "; ");
    statements.emplace_back("SELECT repeat('x', 20000)");
  }
  EXPECT_TRUE(session_->Run("store", Calls(statements), Soon()).has_value());
  EXPECT_EQ(Facts(), "500");
}

TEST_F(ConnectionTest, SeesThatTheServerHasEndedTheSession) {
  EXPECT_TRUE(session_->IsAlive());
  server_.Run(database_,
              "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE datname = "
              "current_database() AND pid <> pg_backend_pid()");
  EXPECT_FALSE(session_->IsAlive());
}

// What a cut may leave of the commit is known to nobody but the server.
TEST(ConnectionLoss, LeavesTheOutcomeOfACommitUnknown) {
  PostgresServer server;
  server.Run("postgres", "CREATE TABLE fact (n int)");
  const auto session = OpenSession(server.Conninfo("postgres"));
  server.Pause();
  const auto rows = session->Run(
      "store", Calls({"INSERT INTO fact VALUES (1)"}), Deadline::In(std::chrono::seconds(1)));
  EXPECT_EQ(CodeOf(rows), ErrorCode::kOutcomeUnknown);
  EXPECT_FALSE(session->is_usable());
  server.Resume();
}

TEST(ConnectionLoss, IsAnErrorAndNoCrashWhenTheServerIsKilled) {
  PostgresServer server;
  server.Run("postgres", "CREATE TABLE fact (n int)");
  const auto session = OpenSession(server.Conninfo("postgres"));
  ASSERT_TRUE(session->Run("store", Calls({"INSERT INTO fact VALUES (1)"}), Soon()).has_value());
  Result<Rows> slept = Internal("did not run");
  std::thread sleeper(
      [&] { slept = session->RunOne("sleep", {.sql = "SELECT pg_sleep(60)"}, Soon()); });
  while (server.Run("postgres",
                    "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%sleep(60)%' AND "
                    "pid <> pg_backend_pid() AND state = 'active'") == "0") {
  }
  server.Kill();
  sleeper.join();
  EXPECT_EQ(CodeOf(slept), ErrorCode::kUnavailable);
  server.Start();
  EXPECT_EQ(server.Run("postgres", "SELECT count(*) FROM fact"), "1") << "what was acknowledged";
}

}  // namespace
}  // namespace datastorage::postgres
