#include "postgres/connection_pool.h"

#include "postgres/session.h"

namespace datastorage::postgres {
namespace {

using test::PostgresServer;

ConnectionPool::Opener OpenerOf(const std::string& conninfo) {
  return
      [conninfo](Deadline deadline) { return Connection::Open({.conninfo = conninfo}, deadline); };
}

TEST(ConnectionPool, LendsNoMoreSessionsThanItMay) {
  ConnectionPool pool(2, OpenerOf(PostgresServer::Shared().Conninfo("postgres")));
  const auto first = pool.Acquire(Soon());
  {
    const auto second = pool.Acquire(Soon());
    ASSERT_TRUE(second.has_value());
    EXPECT_EQ(CodeOf(pool.Acquire(Deadline::In(std::chrono::milliseconds(20)))),
              ErrorCode::kDeadlineExceeded);
  }
  EXPECT_TRUE(pool.Acquire(Soon()).has_value());
  EXPECT_EQ(pool.count(), 2);
}

TEST(ConnectionPool, TakesASessionBackWithoutItsTransaction) {
  PostgresServer& server = PostgresServer::Shared();
  const std::string database = server.MakeDatabase();
  server.Run(database, "CREATE TABLE fact (n int)");
  ConnectionPool pool(1, OpenerOf(server.Conninfo(database)));
  {
    const auto lease = pool.Acquire(Soon());
    std::vector<Call> calls{{.name = Connection::kBegin}};
    calls.push_back({.sql = "INSERT INTO fact VALUES (1)"});
    ASSERT_TRUE((*lease)->Run("store", std::move(calls), Soon()).has_value());
    EXPECT_TRUE((*lease)->IsInTransaction());
  }
  const auto lease = pool.Acquire(Soon());
  EXPECT_FALSE((*lease)->IsInTransaction());
  EXPECT_EQ(server.Run(database, "SELECT count(*) FROM fact"), "0");
}

TEST(ConnectionPool, ReplacesSessionsThatARestartEnded) {
  PostgresServer server;
  ConnectionPool pool(2, OpenerOf(server.Conninfo("postgres")));
  {
    const auto first = pool.Acquire(Soon());
    const auto second = pool.Acquire(Soon());
    ASSERT_TRUE(first.has_value() && second.has_value());
  }
  server.Restart();
  const auto lease = pool.Acquire(Soon());
  ASSERT_TRUE(lease.has_value());
  EXPECT_TRUE((*lease)->RunOne("ask", {.sql = "SELECT 1"}, Soon()).has_value());
}

TEST(ConnectionPool, ServesAgainOnceTheServerIsBack) {
  PostgresServer server;
  ConnectionPool pool(1, OpenerOf(server.Conninfo("postgres")));
  server.Stop();
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(CodeOf(pool.Acquire(Soon())), ErrorCode::kUnavailable) << "and no place is lost";
  }
  EXPECT_EQ(pool.count(), 0);
  server.Start();
  EXPECT_TRUE(pool.Acquire(Soon()).has_value());
}

}  // namespace
}  // namespace datastorage::postgres
