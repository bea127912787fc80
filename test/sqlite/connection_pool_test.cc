#include "sqlite/connection_pool.h"

#include <gmock/gmock.h>

#include <thread>

#include "sqlite/sqlite_fixture.h"

namespace datastorage::sqlite {
namespace {

using testing::HasSubstr;

class Pool : public SqliteFixture {
 protected:
  Pool() { pool_.Add(Connect()); }
  Metrics metrics_;
  ConnectionPool pool_{PoolMeter(&metrics_, "records", "readers")};
};

TEST_F(Pool, LendsAConnectionToOneAtATime) {
  {
    const auto first = pool_.Acquire(Deadline::Never());
    ASSERT_TRUE(first.has_value());
    EXPECT_EQ(pool_.Acquire(Deadline::In(std::chrono::milliseconds(1))).error().code,
              ErrorCode::kDeadlineExceeded);
  }
  EXPECT_TRUE(pool_.Acquire(Deadline::Never()).has_value());
}

TEST_F(Pool, TellsWhatItLendsAndHowLongCallersWait) {
  const std::string labels = "{database=\"records\",pool=\"readers\"} ";
  {
    const auto lease = pool_.Acquire(Deadline::Never());
    EXPECT_THAT(metrics_.Render(), HasSubstr("database_connections_in_use" + labels + "1\n"));
  }
  const std::string text = metrics_.Render();
  EXPECT_THAT(text, HasSubstr("database_connections" + labels + "1\n"));
  EXPECT_THAT(text, HasSubstr("database_connections_in_use" + labels + "0\n"));
  EXPECT_THAT(text, HasSubstr("database_connection_wait_seconds_count" + labels + "1\n"));
}

TEST_F(Pool, WakesWhoWaits) {
  auto lease = std::make_unique<Result<ConnectionPool::Lease>>(pool_.Acquire(Deadline::Never()));
  std::atomic<bool> has_got = false;
  {
    const std::jthread waiting(
        [&] { has_got = pool_.Acquire(Deadline::In(std::chrono::seconds(30))).has_value(); });
    lease.reset();
  }
  EXPECT_TRUE(has_got);
}

TEST_F(Pool, TakesBackAConnectionWithoutTransactionOrDeadline) {
  {
    auto lease = pool_.Acquire(Deadline::Never());
    (*lease)->SetDeadline(Deadline::In(Duration(0)));
    ASSERT_TRUE((*lease)->Execute("begin", "BEGIN").has_value());
  }
  auto lease = pool_.Acquire(Deadline::Never());
  EXPECT_TRUE((*lease)->Execute("begin", "BEGIN").has_value());
  EXPECT_TRUE((*lease)
                  ->Execute("count",
                            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n "
                            "WHERE i < 10000) SELECT count(*) FROM n")
                  .has_value());
}

}  // namespace
}  // namespace datastorage::sqlite
