#include "redis/connection_pool.h"

#include <gtest/gtest.h>

#include <atomic>
#include <optional>
#include <sstream>
#include <thread>

#include "redis/raw_listener.h"
#include "support/redis_server.h"

namespace datastorage::redis {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

ConnectionPool::Options OptionsFor(const Address& address, std::size_t connection_count_max) {
  return {address, connection_count_max};
}

Deadline Soon() {
  return Deadline::In(seconds(20));
}

TEST(RedisConnectionPool, LendsEachConnectionToOneAndNoMoreThanItsBound) {
  const test::RedisServer server;
  ConnectionPool pool(ThreadRuntime(), OptionsFor(*ParseAddress(server.url()), 2));
  auto first = pool.Acquire(Soon());
  ASSERT_TRUE(first.has_value());
  std::optional<ConnectionPool::Lease> second = *pool.Acquire(Soon());
  EXPECT_NE(first->operator->(), second->operator->());
  const auto third = pool.Acquire(Deadline::In(milliseconds(50)));
  ASSERT_FALSE(third.has_value());
  EXPECT_EQ(third.error().code, ErrorCode::kDeadlineExceeded);
  second.reset();
  EXPECT_TRUE(pool.Acquire(Soon()).has_value());
}

TEST(RedisConnectionPool, ClosesAllThatIsIdleWhenACallFailsAndConnectsAnew) {
  const test::RedisServer server;
  ConnectionPool pool(ThreadRuntime(), OptionsFor(*ParseAddress(server.url()), 2));
  std::string before;
  {
    auto failed = pool.Acquire(Soon());
    ASSERT_TRUE(failed.has_value());
    ASSERT_TRUE(pool.Acquire(Soon()).has_value());  // Idle from here on.
    before = server.Run({"CLIENT", "LIST"});
    failed->Fail(Unavailable("it was cut"));
  }
  const Command command{"PING"};
  const Deadline end = Soon();
  bool has_answered = false;
  while (!has_answered && !end.HasPassed()) {
    auto lease = pool.Acquire(end);
    has_answered = lease.has_value() && (*lease)->Exchange({&command, 1}, end).has_value();
  }
  EXPECT_TRUE(has_answered);
  std::istringstream lines(server.Run({"CLIENT", "LIST"}));
  for (std::string line; std::getline(lines, line);) {
    EXPECT_EQ(before.find(line.substr(0, line.find(' ') + 1)), std::string::npos) << line;
  }
}

TEST(RedisConnectionPool, RefusesAtOnceAndPausesBetweenAttemptsWhileTheServerIsDown) {
  const RawListener listener;
  std::atomic<int> attempt_count = 0;
  std::thread peer([&] {
    for (int fd = listener.Accept(); fd >= 0; fd = listener.Accept()) {
      ++attempt_count;
      close(fd);
    }
  });
  {
    const SteadyTime begin = SystemClock().Now();
    ConnectionPool pool(ThreadRuntime(), OptionsFor(listener.address(), 2));
    const Deadline end = Soon();
    while (attempt_count < limits::kRedisFailureCountMax && !end.HasPassed()) {
      EXPECT_FALSE(pool.Acquire(end).has_value());
    }
    const SteadyTime before = SystemClock().Now();
    constexpr int kCallCount = 10'000;
    for (int i = 0; i < kCallCount; ++i) EXPECT_FALSE(pool.Acquire(end).has_value());
    EXPECT_LT(SystemClock().Now() - before, limits::kRedisRetryPause);
    while (attempt_count == limits::kRedisFailureCountMax && !end.HasPassed()) {
    }
    EXPECT_GE(SystemClock().Now() - begin, limits::kRedisRetryPause);
    EXPECT_EQ(attempt_count, limits::kRedisFailureCountMax + 1);
  }
  listener.Stop();
  peer.join();
}

}  // namespace
}  // namespace datastorage::redis
