#include "postgres/connection_pool.h"

#include <gmock/gmock.h>
#include <poll.h>

#include <condition_variable>
#include <mutex>
#include <optional>
#include <thread>

#include "postgres/session.h"

namespace datastorage::postgres {
namespace {

using test::PostgresServer;
using testing::HasSubstr;

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

TEST(ConnectionPool, TellsWhatIsOpenWhatItLendsAndHowLongCallersWait) {
  Metrics metrics;
  ConnectionPool pool(1,
                      OpenerOf(PostgresServer::Shared().Conninfo("postgres")),
                      PoolMeter(&metrics, "vectors", "writers"));
  const std::string labels = "{database=\"vectors\",pool=\"writers\"} ";
  {
    const auto lease = pool.Acquire(Soon());
    EXPECT_THAT(metrics.Render(), HasSubstr("database_connections_in_use" + labels + "1\n"));
    EXPECT_EQ(CodeOf(pool.Acquire(Deadline::In(std::chrono::milliseconds(20)))),
              ErrorCode::kDeadlineExceeded);
  }
  const std::string text = metrics.Render();
  EXPECT_THAT(text, HasSubstr("database_connections" + labels + "1\n"));
  EXPECT_THAT(text, HasSubstr("database_connections_in_use" + labels + "0\n"));
  EXPECT_THAT(text, HasSubstr("database_connection_wait_seconds_count" + labels + "2\n"));
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
  const Deadline deadline = Soon();
  while (!pool.Acquire(Soon()).has_value() && !deadline.HasPassed()) poll(nullptr, 0, 10);
  EXPECT_TRUE(pool.Acquire(Soon()).has_value());
}

// An opener that does what the test says.
class Openings {
 public:
  ConnectionPool::Opener Opener() {
    // A server ends with the thread that started it.
    PostgresServer::Shared();
    return [this](Deadline deadline) -> Result<std::unique_ptr<Connection>> {
      std::unique_lock lock(mutex_);
      ++count_;
      changed_.notify_all();
      changed_.wait(lock, [this] { return !is_held_; });
      if (fails_) return Unavailable("it is down");
      lock.unlock();
      return OpenerOf(PostgresServer::Shared().Conninfo("postgres"))(deadline);
    };
  }
  void Set(bool fails, bool is_held) {
    const std::lock_guard lock(mutex_);
    fails_ = fails;
    is_held_ = is_held;
    changed_.notify_all();
  }
  int count() {
    const std::lock_guard lock(mutex_);
    return count_;
  }
  void AwaitCount(int count) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return count_ >= count; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool fails_ = true;
  bool is_held_ = false;
  int count_ = 0;
};

TEST(ConnectionPool, LetsOneTryWhileTheServerIsDownAndTellsTheOthersAtOnce) {
  Openings openings;
  ConnectionPool pool(8, openings.Opener());
  EXPECT_EQ(CodeOf(pool.Acquire(Soon())), ErrorCode::kUnavailable);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(CodeOf(pool.Acquire(Soon())), ErrorCode::kUnavailable);
  EXPECT_LE(openings.count(), 2);
  openings.Set(true, true);
  const int before = openings.count();
  // Its turn comes after the pause; then it takes its time.
  std::jthread probing([&] {
    while (openings.count() == before) (void)pool.Acquire(Soon());
  });
  openings.AwaitCount(before + 1);
  const SteadyTime begin = SystemClock().Now();
  for (int i = 0; i < 100; ++i) EXPECT_EQ(CodeOf(pool.Acquire(Soon())), ErrorCode::kUnavailable);
  EXPECT_LT(SystemClock().Now() - begin, std::chrono::seconds(2));
  EXPECT_EQ(openings.count(), before + 1);
  openings.Set(false, false);
  probing.join();
  std::vector<ConnectionPool::Lease> leases;
  for (int i = 0; i < 4; ++i) leases.push_back(*pool.Acquire(Soon()));
  EXPECT_EQ(pool.count(), 4);
}

TEST(ConnectionPool, WaitsForALentSessionWhereTheServerTakesNoMore) {
  Openings openings;
  openings.Set(false, false);
  ConnectionPool pool(4, openings.Opener());
  std::optional<ConnectionPool::Lease> only(*pool.Acquire(Soon()));
  openings.Set(true, false);
  std::jthread waiting([&] { EXPECT_TRUE(pool.Acquire(Soon()).has_value()); });
  openings.AwaitCount(2);
  only.reset();
  waiting.join();
  EXPECT_EQ(pool.count(), 1);
}

TEST(ConnectionPool, LetsOneFindOutWhetherASilentServerIsBack) {
  PostgresServer server;
  ConnectionPool pool(3, [&](Deadline deadline) {
    return Connection::Open(
        {.conninfo = server.Conninfo("postgres"), .connect_timeout = std::chrono::seconds(1)},
        deadline);
  });
  std::optional<ConnectionPool::Lease> first(*pool.Acquire(Soon()));
  std::optional<ConnectionPool::Lease> second(*pool.Acquire(Soon()));
  server.Pause();
  const auto asked =
      (*first)->RunOne("ask", {.sql = "SELECT 1"}, Deadline::In(std::chrono::milliseconds(1'100)));
  EXPECT_EQ(CodeOf(asked), ErrorCode::kDeadlineExceeded);
  second.reset();  // It looks well.
  first.reset();
  EXPECT_EQ(pool.count(), 0) << "and nobody is to wait for it";
  EXPECT_EQ(CodeOf(pool.Acquire(Soon())), ErrorCode::kUnavailable);
  server.Resume();
  const Deadline deadline = Soon();
  while (!pool.Acquire(Soon()).has_value() && !deadline.HasPassed()) poll(nullptr, 0, 10);
  EXPECT_TRUE(pool.Acquire(Soon()).has_value());
}

}  // namespace
}  // namespace datastorage::postgres
