#include "contract/embedding_cache_contract.h"

#include "memory_cache/memory_embedding_cache.h"

namespace datastorage {
namespace {

EmbeddingCacheFactory MemoryCache(std::string name, std::size_t shard_count) {
  return {std::move(name), [shard_count] {
            return std::make_unique<MemoryEmbeddingCache>(MemoryEmbeddingCache::Options{
                .byte_count_max = 16 * kContractEntryCount * MemoryEmbeddingCache::kEntryByteCount,
                .shard_count = shard_count});
          }};
}

INSTANTIATE_TEST_SUITE_P(Memory,
                         EmbeddingCacheContract,
                         testing::Values(MemoryCache("sharded", 16), MemoryCache("one_shard", 1)),
                         [](const auto& made) { return made.param.name; });

}  // namespace
}  // namespace datastorage
