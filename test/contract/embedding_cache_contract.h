// What every EmbeddingCache promises. Instantiate EmbeddingCacheContract with a factory that makes
// an empty cache holding at least kContractEntryCount entries.
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <memory>
#include <ostream>
#include <string>
#include <thread>
#include <vector>

#include "ports/embedding_cache.h"
#include "support/cache_entries.h"

namespace datastorage {

struct EmbeddingCacheFactory {
  std::string name;
  std::function<std::unique_ptr<EmbeddingCache>()> make;

  friend void PrintTo(const EmbeddingCacheFactory& factory, std::ostream* out) {
    *out << factory.name;
  }
};

inline constexpr std::size_t kContractEntryCount = 64;

class EmbeddingCacheContract : public testing::TestWithParam<EmbeddingCacheFactory> {
 protected:
  std::vector<std::optional<Embedding>> Get(const std::vector<EmbeddingKey>& keys) {
    auto found = cache_->Get(keys, Deadline::Never());
    EXPECT_TRUE(found.has_value());
    return found.has_value() ? *found : std::vector<std::optional<Embedding>>(keys.size());
  }
  void Put(const std::vector<EmbeddingCacheEntry>& entries) {
    EXPECT_TRUE(cache_->Put(entries, Deadline::Never()).has_value());
  }

  std::unique_ptr<EmbeddingCache> cache_ = GetParam().make();
};

TEST_P(EmbeddingCacheContract, MissesWhatWasNeverPut) {
  Put({AnEntry(1)});
  EXPECT_EQ(Get({AnEntry(2).key}), std::vector<std::optional<Embedding>>{std::nullopt});
}

TEST_P(EmbeddingCacheContract, AnswersEachKeyInOrder) {
  Put({AnEntry(1), AnEntry(2), AnEntry(3)});
  const std::vector<std::optional<Embedding>> expected = {
      AnEntry(3).embedding, std::nullopt, AnEntry(1).embedding, AnEntry(3).embedding};
  EXPECT_EQ(Get({AnEntry(3).key, AnEntry(9).key, AnEntry(1).key, AnEntry(3).key}), expected);
}

TEST_P(EmbeddingCacheContract, KeepsTheLastOfTwoVectors) {
  Put({AnEntry(1, 0), AnEntry(1, 1)});
  EXPECT_EQ(Get({AnEntry(1).key}).front(), AnEntry(1, 1).embedding);
  Put({AnEntry(1, 2)});
  EXPECT_EQ(Get({AnEntry(1).key}).front(), AnEntry(1, 2).embedding);
}

TEST_P(EmbeddingCacheContract, TakesEmptyCalls) {
  Put({});
  EXPECT_TRUE(Get({}).empty());
}

TEST_P(EmbeddingCacheContract, KeepsItsBoundByForgetting) {
  constexpr std::size_t kPutCount = 20'000;
  for (std::size_t i = 0; i < kPutCount; ++i) Put({AnEntry(i)});
  std::size_t kept_count = 0;
  for (std::size_t i = 0; i < kPutCount; ++i) {
    const std::optional<Embedding> found = Get({AnEntry(i).key}).front();
    kept_count += found.has_value() ? 1 : 0;
    if (found.has_value()) {
      ASSERT_EQ(*found, AnEntry(i).embedding);
    }
  }
  EXPECT_GT(kept_count, 0u);
  EXPECT_LT(kept_count, kPutCount);
}

// A key's vector is one that was put for it, whole, whoever else writes.
TEST_P(EmbeddingCacheContract, NeverMixesVectorsUnderConcurrency) {
  constexpr std::size_t kVersionCount = 8;
  std::atomic<std::size_t> wrong_count = 0;
  std::atomic<std::size_t> found_count = 0;
  std::vector<std::thread> threads;
  for (std::size_t thread = 0; thread < 4; ++thread) {
    threads.emplace_back([&, thread] {
      for (std::size_t i = 0; i < 4'000; ++i) {
        const std::size_t number = (i * 7 + thread) % (2 * kContractEntryCount);
        Put({AnEntry(number, (i + thread) % kVersionCount)});
        const std::optional<Embedding> found = Get({AnEntry((number + 3) % 128).key}).front();
        if (!found.has_value()) continue;
        ++found_count;
        bool known = false;
        for (std::size_t version = 0; version < kVersionCount; ++version) {
          known = known || *found == AnEntry((number + 3) % 128, version).embedding;
        }
        wrong_count += known ? 0 : 1;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong_count, 0u);
  EXPECT_GT(found_count, 0u);
}

}  // namespace datastorage
