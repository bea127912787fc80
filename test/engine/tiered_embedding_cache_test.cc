#include "engine/tiered_embedding_cache.h"

#include <gtest/gtest.h>

#include "memory_cache/memory_embedding_cache.h"
#include "support/cache_entries.h"

namespace datastorage {
namespace {

class BreakableCache final : public EmbeddingCache {
 public:
  Result<std::vector<std::optional<Embedding>>> Get(std::span<const EmbeddingKey> keys,
                                                    Deadline deadline) override {
    asked_count += keys.size();
    if (is_broken) return Unavailable("gone");
    return inner_.Get(keys, deadline);
  }
  Result<void> Put(std::span<const EmbeddingCacheEntry> entries, Deadline deadline) override {
    if (is_broken) return Unavailable("gone");
    return inner_.Put(entries, deadline);
  }
  std::size_t asked_count = 0;
  bool is_broken = false;

 private:
  MemoryEmbeddingCache inner_{MemoryEmbeddingCache::Options{}};
};

class TieredEmbeddingCacheTest : public testing::Test {
 protected:
  static void Put(EmbeddingCache& cache, std::size_t number) {
    const EmbeddingCacheEntry entry = AnEntry(number);
    ASSERT_TRUE(cache.Put({&entry, 1}, Deadline::Never()).has_value());
  }
  // Which of the entries 1 to 4 the cache knows, each by its own vector.
  static std::vector<std::size_t> KnownTo(EmbeddingCache& cache) {
    std::vector<EmbeddingKey> keys;
    for (std::size_t number = 1; number <= 4; ++number) keys.push_back(AnEntry(number).key);
    const auto found = cache.Get(keys, Deadline::Never());
    std::vector<std::size_t> known;
    for (std::size_t number = 1; found.has_value() && number <= 4; ++number) {
      if ((*found)[number - 1] == AnEntry(number).embedding) known.push_back(number);
    }
    return known;
  }
  using Numbers = std::vector<std::size_t>;

  BreakableCache near_;
  BreakableCache far_;
  TieredEmbeddingCache tiers_{near_, far_};
};

TEST_F(TieredEmbeddingCacheTest, AsksTheFarOneForWhatTheNearOneLacksAndKeepsIt) {
  Put(near_, 2);
  Put(far_, 1);
  Put(far_, 4);
  EXPECT_EQ(KnownTo(tiers_), (Numbers{1, 2, 4}));
  EXPECT_EQ(far_.asked_count, 3U);
  EXPECT_EQ(KnownTo(near_), (Numbers{1, 2, 4}));
  EXPECT_EQ(KnownTo(tiers_), (Numbers{1, 2, 4}));
  EXPECT_EQ(far_.asked_count, 4U);
}

TEST_F(TieredEmbeddingCacheTest, GivesNewEntriesToBoth) {
  Put(tiers_, 3);
  EXPECT_EQ(KnownTo(near_), Numbers{3});
  EXPECT_EQ(KnownTo(far_), Numbers{3});
}

TEST_F(TieredEmbeddingCacheTest, LosesOnlyWhatTheBrokenOneKnew) {
  Put(near_, 1);
  Put(far_, 2);
  far_.is_broken = true;
  EXPECT_EQ(KnownTo(tiers_), Numbers{1});
  const EmbeddingCacheEntry entry = AnEntry(3);
  EXPECT_FALSE(tiers_.Put({&entry, 1}, Deadline::Never()).has_value());
  EXPECT_EQ(KnownTo(near_), (Numbers{1, 3}));
  far_.is_broken = false;
  near_.is_broken = true;
  EXPECT_EQ(KnownTo(tiers_), Numbers{2});
}

TEST_F(TieredEmbeddingCacheTest, SaysThatOneIsBrokenWhereItLosesNothingByThat) {
  Put(near_, 1);
  const std::vector<EmbeddingKey> known{AnEntry(1).key};
  const std::vector<EmbeddingKey> unknown{AnEntry(2).key};
  far_.is_broken = true;
  EXPECT_TRUE(tiers_.Get(known, Deadline::Never()).has_value());
  ASSERT_FALSE(tiers_.Get(unknown, Deadline::Never()).has_value());
  far_.is_broken = false;
  EXPECT_TRUE(tiers_.Get(unknown, Deadline::Never()).has_value());
  near_.is_broken = true;
  EXPECT_FALSE(tiers_.Get(unknown, Deadline::Never()).has_value());
}

}  // namespace
}  // namespace datastorage
