#include "redis/redis_embedding_cache.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <atomic>
#include <thread>

#include "base/sha256.h"
#include "support/cache_entries.h"
#include "support/redis_server.h"

namespace datastorage {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using test::RedisServer;

constexpr seconds kPatience{20};

class RedisEmbeddingCacheTest : public testing::Test {
 protected:
  RedisEmbeddingCache::Options OptionsFor(const std::string& url) {
    RedisEmbeddingCache::Options options;
    options.address = *redis::ParseAddress(url);
    options.model_id = "some model";
    // A busy machine must not fail a test that is not about time.
    options.call_timeout = seconds(5);
    return options;
  }
  std::unique_ptr<RedisEmbeddingCache> Open(const RedisEmbeddingCache::Options& options) {
    return std::make_unique<RedisEmbeddingCache>(ThreadRuntime(), metrics_, options);
  }
  std::unique_ptr<RedisEmbeddingCache> Open() { return Open(OptionsFor(server_.url())); }

  static Result<void> Put(RedisEmbeddingCache& cache, std::size_t number) {
    const EmbeddingCacheEntry entry = AnEntry(number);
    return cache.Put({&entry, 1}, Deadline::Never());
  }
  // Whether the cache knows the entry; never a wrong vector for it.
  static bool Knows(RedisEmbeddingCache& cache, std::size_t number) {
    const EmbeddingCacheEntry entry = AnEntry(number);
    const auto found = cache.Get({&entry.key, 1}, Deadline::Never());
    if (!found.has_value() || !found->front().has_value()) return false;
    EXPECT_EQ(*found->front(), entry.embedding);
    return true;
  }
  // Until the cache stores and finds again, as it must without anybody's help.
  static bool Recovers(RedisEmbeddingCache& cache, std::size_t number) {
    const Deadline end = Deadline::In(kPatience);
    while (!end.HasPassed()) {
      if (Put(cache, number).has_value() && Knows(cache, number)) return true;
    }
    return false;
  }
  static std::string NameOf(std::size_t number) {
    return "datastorage:embedding:" + ToHex(AnEntry(number).key);
  }
  std::string LineOf(const std::string& metric) {
    const std::string text = metrics_.Render();
    const std::size_t begin = text.find("\n" + metric);
    return begin == std::string::npos
               ? ""
               : text.substr(begin + 1, text.find('\n', begin + 1) - begin - 1);
  }

  RedisServer server_;
  Metrics metrics_;
};

TEST_F(RedisEmbeddingCacheTest, SharesEmbeddingsBetweenServices) {
  const auto one = Open();
  const auto other = Open();
  ASSERT_TRUE(Put(*one, 1).has_value());
  EXPECT_TRUE(Knows(*other, 1));
  EXPECT_FALSE(Knows(*other, 2));
  EXPECT_EQ(LineOf("datastorage_shared_cache_lookups_total{result=\"hit\"}"),
            "datastorage_shared_cache_lookups_total{result=\"hit\"} 1");
  EXPECT_EQ(LineOf("datastorage_shared_cache_lookups_total{result=\"miss\"}"),
            "datastorage_shared_cache_lookups_total{result=\"miss\"} 1");
}

TEST_F(RedisEmbeddingCacheTest, KeepsNothingLongerThanItsLifetime) {
  auto options = OptionsFor(server_.url());
  const auto cache = Open(options);
  ASSERT_TRUE(Put(*cache, 1).has_value());
  const int left = std::stoi(server_.Run({"PTTL", NameOf(1)}));
  EXPECT_GT(left, 4 * 60'000);
  EXPECT_LE(left, 5 * 60'000);
  options.lifetime = milliseconds(1);
  ASSERT_TRUE(Put(*Open(options), 2).has_value());
  const Deadline end = Deadline::In(kPatience);
  while (Knows(*cache, 2) && !end.HasPassed()) {
  }
  EXPECT_FALSE(Knows(*cache, 2));
}

TEST_F(RedisEmbeddingCacheTest, TakesMoreKeysThanOnePipeline) {
  const auto cache = Open();
  std::vector<EmbeddingCacheEntry> entries;
  std::vector<EmbeddingKey> keys;
  for (std::size_t i = 0; i < 3 * limits::kRedisPipelineCountMax + 1; ++i) {
    entries.push_back(AnEntry(i));
    keys.push_back(AnEntry(i).key);
  }
  ASSERT_TRUE(cache->Put(entries, Deadline::Never()).has_value());
  const auto found = cache->Get(keys, Deadline::Never());
  ASSERT_TRUE(found.has_value());
  for (std::size_t i = 0; i < keys.size(); ++i) ASSERT_EQ((*found)[i], entries[i].embedding) << i;
}

TEST_F(RedisEmbeddingCacheTest, TakesGarbageForAMissAndWritesOverIt) {
  const auto cache = Open();
  for (std::size_t number = 1; number <= 6; ++number) ASSERT_TRUE(Put(*cache, number).has_value());
  server_.Run({"SET", NameOf(1), "garbage"});
  server_.Run({"SETRANGE", NameOf(2), "100", "zzzz"});           // The checksum no longer fits.
  server_.Run({"COPY", NameOf(6), NameOf(3), "REPLACE"});        // Another text's vector.
  server_.Run({"SETRANGE", NameOf(4), "8000000", "very long"});  // More than a reply may be.
  server_.Run({"DEL", NameOf(5)});
  server_.Run({"LPUSH", NameOf(5), "not a string"});
  for (std::size_t number = 1; number <= 5; ++number) {
    EXPECT_FALSE(Knows(*cache, number)) << number;
  }
  EXPECT_TRUE(Knows(*cache, 6));
  EXPECT_EQ(LineOf("datastorage_shared_cache_lookups_total{result=\"invalid\"}"),
            "datastorage_shared_cache_lookups_total{result=\"invalid\"} 5");
  for (std::size_t number = 1; number <= 5; ++number) {
    ASSERT_TRUE(Put(*cache, number).has_value());
    EXPECT_TRUE(Knows(*cache, number)) << number;
  }
}

TEST_F(RedisEmbeddingCacheTest, LosesEntriesAndNoMoreToFlushall) {
  const auto cache = Open();
  ASSERT_TRUE(Put(*cache, 1).has_value());
  server_.Run({"FLUSHALL"});
  EXPECT_FALSE(Knows(*cache, 1));
  ASSERT_TRUE(Put(*cache, 1).has_value());
  EXPECT_TRUE(Knows(*cache, 1));
}

TEST_F(RedisEmbeddingCacheTest, RecoversFromAKilledServer) {
  const auto cache = Open();
  for (std::size_t round = 0; round < 3; ++round) {
    ASSERT_TRUE(Recovers(*cache, round));
    server_.Kill();
    EXPECT_FALSE(Knows(*cache, round));
    EXPECT_FALSE(Put(*cache, round).has_value());
    const Result<void> check = cache->Check(Deadline::In(kPatience));
    ASSERT_FALSE(check.has_value());
    EXPECT_EQ(check.error().code, ErrorCode::kUnavailable);
    server_.Start();
    EXPECT_TRUE(Recovers(*cache, round));
    EXPECT_TRUE(cache->Check(Deadline::In(kPatience)).has_value());
  }
}

TEST_F(RedisEmbeddingCacheTest, MayBeStartedBeforeItsServer) {
  server_.Kill();
  const auto cache = Open();
  EXPECT_FALSE(Knows(*cache, 1));
  server_.Start();
  EXPECT_TRUE(Recovers(*cache, 1));
}

// The first call pays its budget; then the breaker is open, and none waits until the server
// answers.
TEST_F(RedisEmbeddingCacheTest, LosesTheBudgetOnceToAHungServer) {
  auto options = OptionsFor(server_.url());
  options.call_timeout = milliseconds(200);
  const auto cache = Open(options);
  ASSERT_TRUE(Recovers(*cache, 1));
  server_.Suspend();
  const SteadyTime begin = SystemClock().Now();
  EXPECT_FALSE(Knows(*cache, 1));
  const SteadyTime after_one = SystemClock().Now();
  constexpr int kCallCount = 1'000;
  for (int i = 0; i < kCallCount; ++i) EXPECT_FALSE(Knows(*cache, 1));
  const Duration rest = SystemClock().Now() - after_one;
  server_.Continue();
  EXPECT_GE(after_one - begin, milliseconds(150));
  EXPECT_LT(after_one - begin, seconds(3));
  EXPECT_LT(rest, seconds(10)) << "for " << kCallCount << " calls";
  EXPECT_TRUE(Recovers(*cache, 1));
}

TEST_F(RedisEmbeddingCacheTest, HasABudgetOfTwentyMillisecondsByDefault) {
  auto options = OptionsFor(server_.url());
  options.call_timeout = RedisEmbeddingCache::Options().call_timeout;
  EXPECT_EQ(options.call_timeout, milliseconds(20));
  const auto cache = Open(options);
  ASSERT_TRUE(Recovers(*cache, 1));
  server_.Suspend();
  const SteadyTime begin = SystemClock().Now();
  EXPECT_FALSE(Knows(*cache, 1));
  EXPECT_LT(SystemClock().Now() - begin, seconds(2));  // 20 ms and what a busy machine takes.
  server_.Continue();
}

// A call that came with too little time says nothing about the server.
TEST_F(RedisEmbeddingCacheTest, StaysUpWhenACallerHasNoTime) {
  const auto cache = Open();
  ASSERT_TRUE(Recovers(*cache, 1));
  const EmbeddingKey key = AnEntry(1).key;
  for (int i = 0; i < 20; ++i) {
    const auto found = cache->Get({&key, 1}, Deadline::In(Duration(1)));
    if (!found.has_value()) {
      EXPECT_EQ(found.error().code, ErrorCode::kDeadlineExceeded);
    }
    EXPECT_TRUE(Knows(*cache, 1));
  }
}

TEST_F(RedisEmbeddingCacheTest, LogsInAsAUserOfFewRights) {
  server_.Run({"ACL",
               "SETUSER",
               "cache",
               "on",
               ">pass/word",
               "~datastorage:embedding:*",
               "+getrange",
               "+set",
               "+ping"});
  const std::string place = "@127.0.0.1:" + std::to_string(server_.port());
  const auto cache = Open(OptionsFor("redis://cache:pass%2Fword" + place));
  ASSERT_TRUE(Recovers(*cache, 1));
  EXPECT_TRUE(cache->Check(Deadline::In(kPatience)).has_value());

  testing::internal::CaptureStderr();
  const auto stranger = Open(OptionsFor("redis://cache:wrong-secret" + place));
  const Result<void> refused = stranger->Check(Deadline::In(kPatience));
  const std::string log = testing::internal::GetCapturedStderr();
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().message, "the cache refuses the user or the password");
  EXPECT_THAT(log, testing::HasSubstr("the cache refuses the user or the password"));
  EXPECT_THAT(log, testing::Not(testing::HasSubstr("secret")));

  server_.Run({"ACL", "SETUSER", "cache", "-set"});
  const Result<void> checked = cache->Check(Deadline::In(kPatience));
  ASSERT_FALSE(checked.has_value());
  EXPECT_EQ(checked.error().message, "the cache's user lacks a permission");
  EXPECT_TRUE(Knows(*cache, 1)) << "what may still be done is done";
}

TEST_F(RedisEmbeddingCacheTest, AsksForAPasswordWhereItHasNone) {
  server_.Run({"CONFIG", "SET", "requirepass", "s3cret"});
  const Result<void> refused = Open()->Check(Deadline::In(kPatience));
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().message, "the cache asks for a password");
  const auto cache = Open(OptionsFor("unix://:s3cret@" + server_.socket_path() + "?db=3"));
  EXPECT_TRUE(Recovers(*cache, 1));
}

TEST_F(RedisEmbeddingCacheTest, KeepsToItsDatabase) {
  const auto third = Open(OptionsFor(server_.url() + "?db=3"));
  ASSERT_TRUE(Recovers(*third, 1));
  EXPECT_FALSE(Knows(*Open(), 1));
  const Result<void> missing =
      Open(OptionsFor(server_.url() + "?db=99"))->Check(Deadline::In(kPatience));
  ASSERT_FALSE(missing.has_value());
  EXPECT_EQ(missing.error().message, "the cache has no database 99");
}

TEST_F(RedisEmbeddingCacheTest, SaysThatAFullServerTakesNothing) {
  const auto cache = Open();
  ASSERT_TRUE(Recovers(*cache, 1));
  server_.Run({"CONFIG", "SET", "maxmemory", "1"});
  const Result<void> refused = cache->Check(Deadline::In(kPatience));
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().message, "the cache is full and may evict nothing");
  EXPECT_TRUE(Knows(*cache, 1));
}

TEST_F(RedisEmbeddingCacheTest, OpensNoMoreConnectionsThanItMay) {
  auto options = OptionsFor(server_.url());
  options.connection_count_max = 3;
  const auto cache = Open(options);
  ASSERT_TRUE(Recovers(*cache, 1));
  std::atomic<std::size_t> failed_count = 0;
  std::vector<std::thread> threads;
  for (std::size_t thread = 0; thread < 12; ++thread) {
    threads.emplace_back([&, thread] {
      for (std::size_t i = 0; i < 200; ++i) {
        const bool is_known =
            Put(*cache, thread * 1'000 + i).has_value() && Knows(*cache, thread * 1'000 + i);
        failed_count += is_known ? 0 : 1;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(failed_count, 0U);
  const std::string info = server_.Run({"INFO", "stats"});
  const std::string name = "total_connections_received:";
  const int received = std::stoi(info.substr(info.find(name) + name.size()));
  const std::string clients = server_.Run({"CLIENT", "LIST"});
  EXPECT_LE(std::count(clients.begin(), clients.end(), '\n') + 1, 3 + 1) << clients;
  EXPECT_GT(received, 3);
}

// Killed and stopped under many callers: none waits long, none sees another's vector.
TEST_F(RedisEmbeddingCacheTest, ServesManyCallersWhileItsServerComesAndGoes) {
  auto options = OptionsFor(server_.url());
  options.call_timeout = milliseconds(100);
  const auto cache = Open(options);
  std::atomic<bool> is_over = false;
  std::atomic<std::int64_t> longest_us = 0;
  std::atomic<std::size_t> known_count = 0;
  std::vector<std::thread> threads;
  for (std::size_t thread = 0; thread < 8; ++thread) {
    threads.emplace_back([&, thread] {
      for (std::size_t i = thread; !is_over; ++i) {
        const SteadyTime begin = SystemClock().Now();
        const Result<void> put = Put(*cache, i % 50);
        static_cast<void>(put.has_value());
        known_count += Knows(*cache, i % 50) ? 1 : 0;
        const std::int64_t took = (SystemClock().Now() - begin).count();
        std::int64_t longest = longest_us;
        while (took > longest && !longest_us.compare_exchange_weak(longest, took)) {
        }
      }
    });
  }
  const auto await_calls = [&] {
    const std::size_t wanted = known_count + 500;
    const Deadline end = Deadline::In(kPatience);
    while (known_count < wanted && !end.HasPassed()) std::this_thread::yield();
    EXPECT_GE(known_count, wanted);
  };
  for (int round = 0; round < 3; ++round) {
    await_calls();
    server_.Kill();
    server_.Start();
    await_calls();
    server_.Suspend();
    server_.Continue();
    server_.Run({"FLUSHALL"});
  }
  await_calls();
  is_over = true;
  for (std::thread& thread : threads) thread.join();
  EXPECT_LT(longest_us, 1'000'000);  // Two calls of 100 ms, and what a busy machine takes.
}

}  // namespace
}  // namespace datastorage
