#include "memory_cache/memory_embedding_cache.h"

#include <gtest/gtest.h>
#include <malloc.h>

namespace datastorage {
namespace {

constexpr std::size_t kEntryByteCount = MemoryEmbeddingCache::kEntryByteCount;

EmbeddingCacheEntry AnEntry(std::size_t number) {
  EmbeddingCacheEntry entry{};
  for (std::size_t i = 0; i < entry.key.size(); ++i) {
    entry.key[i] = static_cast<std::uint8_t>((number * (2 * i + 1) + i) >> (i % 3 * 4));
  }
  entry.embedding[number % kEmbeddingDimensionCount] = 1;
  return entry;
}

bool Holds(MemoryEmbeddingCache& cache, std::size_t number) {
  const std::vector<EmbeddingKey> keys = {AnEntry(number).key};
  return cache.Get(keys, Deadline::Never())->front().has_value();
}

void Put(MemoryEmbeddingCache& cache, std::size_t number) {
  const std::vector<EmbeddingCacheEntry> entries = {AnEntry(number)};
  ASSERT_TRUE(cache.Put(entries, Deadline::Never()).has_value());
}

TEST(MemoryEmbeddingCache, ForgetsTheLeastRecentlyUsedFirst) {
  MemoryEmbeddingCache cache({.byte_count_max = 3 * kEntryByteCount, .shard_count = 1});
  Put(cache, 1);
  Put(cache, 2);
  Put(cache, 3);
  EXPECT_TRUE(Holds(cache, 1));  // A read is a use,
  Put(cache, 2);                 // and so is a repeated write.
  Put(cache, 4);
  EXPECT_TRUE(Holds(cache, 1));
  EXPECT_TRUE(Holds(cache, 2));
  EXPECT_FALSE(Holds(cache, 3));
  EXPECT_TRUE(Holds(cache, 4));
}

TEST(MemoryEmbeddingCache, CountsHitsMissesAndEvictions) {
  MemoryEmbeddingCache cache({.byte_count_max = 2 * kEntryByteCount, .shard_count = 1});
  for (std::size_t i = 0; i < 5; ++i) Put(cache, i);
  EXPECT_TRUE(Holds(cache, 4));
  EXPECT_TRUE(Holds(cache, 3));
  EXPECT_FALSE(Holds(cache, 2));
  const MemoryEmbeddingCache::Counts counts = cache.counts();
  EXPECT_EQ(counts.hit_count, 2u);
  EXPECT_EQ(counts.miss_count, 1u);
  EXPECT_EQ(counts.eviction_count, 3u);
  EXPECT_EQ(counts.entry_count, 2u);
}

TEST(MemoryEmbeddingCache, KeepsNothingWithoutRoomForAnEntry) {
  MemoryEmbeddingCache cache({.byte_count_max = kEntryByteCount - 1, .shard_count = 4});
  Put(cache, 1);
  EXPECT_FALSE(Holds(cache, 1));
  EXPECT_EQ(cache.counts().entry_count, 0u);
}

TEST(MemoryEmbeddingCache, UsesAsManyShardsAsItHasRoomFor) {
  MemoryEmbeddingCache cache({.byte_count_max = kEntryByteCount, .shard_count = 16});
  Put(cache, 1);
  EXPECT_TRUE(Holds(cache, 1));
  EXPECT_EQ(cache.counts().entry_count, 1u);
}

// The bound is on bytes, so what an entry is taken to cost must cover what it takes.
TEST(MemoryEmbeddingCache, TakesNoMoreMemoryThanItsBound) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  constexpr bool kCanMeasure = false;  // The sanitizer's allocator answers mallinfo2 with zeros.
#else
  constexpr bool kCanMeasure = true;
#endif
  constexpr std::size_t kByteCountMax = 8u << 20;
  const struct mallinfo2 before = mallinfo2();
  MemoryEmbeddingCache cache({.byte_count_max = kByteCountMax, .shard_count = 16});
  for (std::size_t i = 0; i < 20'000; ++i) Put(cache, i);
  const struct mallinfo2 after = mallinfo2();
  const std::size_t taken = (after.uordblks + after.hblkhd) - (before.uordblks + before.hblkhd);
  EXPECT_GT(cache.counts().eviction_count, 0u);
  EXPECT_LE(cache.counts().entry_count * kEntryByteCount, kByteCountMax);
  if (kCanMeasure) {
    EXPECT_LE(taken, kByteCountMax);
    EXPECT_GE(taken, kByteCountMax / 2);
  }
}

}  // namespace
}  // namespace datastorage
