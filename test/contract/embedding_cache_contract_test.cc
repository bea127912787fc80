#include "contract/embedding_cache_contract.h"

#include "base/metrics.h"
#include "engine/tiered_embedding_cache.h"
#include "memory_cache/memory_embedding_cache.h"
#include "redis/redis_embedding_cache.h"
#include "support/redis_server.h"

namespace datastorage {
namespace {

EmbeddingCacheFactory MemoryCache(std::string name, std::size_t shard_count) {
  return {std::move(name), [shard_count] {
            return std::make_unique<MemoryEmbeddingCache>(MemoryEmbeddingCache::Options{
                .byte_count_max = 16 * kContractEntryCount * MemoryEmbeddingCache::kEntryByteCount,
                .shard_count = shard_count});
          }};
}

// A real server, which forgets what it used least recently; on a small machine's memory.
class ServedCache final : public EmbeddingCache {
 public:
  Result<std::vector<std::optional<Embedding>>> Get(std::span<const EmbeddingKey> keys,
                                                    Deadline deadline) override {
    return cache_.Get(keys, deadline);
  }
  Result<void> Put(std::span<const EmbeddingCacheEntry> entries, Deadline deadline) override {
    return cache_.Put(entries, deadline);
  }

 private:
  static RedisEmbeddingCache::Options OptionsFor(const test::RedisServer& server) {
    RedisEmbeddingCache::Options options;
    options.address = *redis::ParseAddress(server.url());
    options.call_timeout = std::chrono::seconds(20);
    return options;
  }

  test::RedisServer server_{
      {.arguments = {"--maxmemory", "8mb", "--maxmemory-policy", "allkeys-lru"}}};
  Metrics metrics_;
  RedisEmbeddingCache cache_{ThreadRuntime(), metrics_, OptionsFor(server_)};
};

class MemoryBeforeRedis final : public EmbeddingCache {
 public:
  Result<std::vector<std::optional<Embedding>>> Get(std::span<const EmbeddingKey> keys,
                                                    Deadline deadline) override {
    return tiers_.Get(keys, deadline);
  }
  Result<void> Put(std::span<const EmbeddingCacheEntry> entries, Deadline deadline) override {
    return tiers_.Put(entries, deadline);
  }

 private:
  MemoryEmbeddingCache near_{
      {.byte_count_max = kContractEntryCount * MemoryEmbeddingCache::kEntryByteCount,
       .shard_count = 1}};
  ServedCache far_;
  TieredEmbeddingCache tiers_{near_, far_};
};

template <class Cache>
EmbeddingCacheFactory Made(std::string name) {
  return {std::move(name), [] { return std::make_unique<Cache>(); }};
}

INSTANTIATE_TEST_SUITE_P(Redis,
                         EmbeddingCacheContract,
                         testing::Values(Made<ServedCache>("alone"),
                                         Made<MemoryBeforeRedis>("behind_memory")),
                         [](const auto& made) { return made.param.name; });

INSTANTIATE_TEST_SUITE_P(Memory,
                         EmbeddingCacheContract,
                         testing::Values(MemoryCache("sharded", 16), MemoryCache("one_shard", 1)),
                         [](const auto& made) { return made.param.name; });

}  // namespace
}  // namespace datastorage
