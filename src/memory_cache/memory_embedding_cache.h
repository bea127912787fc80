// MemoryEmbeddingCache: embeddings kept in this process, the least recently used leaving first.
//
// Threads:     safe to call concurrently; callers meet only in the shard of their key.
// Limitations: each shard is bounded on its own, so an uneven spread of keys evicts a little early.
#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <vector>

#include "base/limits.h"
#include "ports/embedding_cache.h"

namespace datastorage {

class MemoryEmbeddingCache final : public EmbeddingCache {
 public:
  struct Options {
    // Bound on the memory of all entries, what they cost beside their vectors included.
    std::size_t byte_count_max = limits::kEmbeddingCacheByteCountMax;
    // Locks that callers divide over; fewer are made where a shard would hold no entry.
    std::size_t shard_count = 16;
  };

  // Since the start; each number is exact, but they are not read at one moment.
  struct Counts {
    std::uint64_t hit_count = 0;
    std::uint64_t miss_count = 0;
    std::uint64_t eviction_count = 0;
    std::size_t entry_count = 0;
  };

  // What one entry is taken to cost: its list node, its hash node and bucket, the allocator's
  // header on each.
  static constexpr std::size_t kEntryByteCount =
      sizeof(EmbeddingCacheEntry) + sizeof(EmbeddingKey) + 14 * sizeof(void*);

  // REQUIRES: options.shard_count > 0. With less than one entry's bytes nothing is kept.
  explicit MemoryEmbeddingCache(const Options& options);

  // Never fails; the deadline is not looked at, since nothing here waits on anyone else.
  Result<std::vector<std::optional<Embedding>>> Get(std::span<const EmbeddingKey> keys,
                                                    Deadline deadline) override;
  Result<void> Put(std::span<const EmbeddingCacheEntry> entries, Deadline deadline) override;

  Counts counts() const;

 private:
  struct KeyHash {
    std::size_t operator()(const EmbeddingKey& key) const;
  };
  struct Shard {
    mutable std::mutex mutex;
    std::size_t entry_count_max = 0;
    std::list<EmbeddingCacheEntry> entries;  // Most recently used first.
    std::unordered_map<EmbeddingKey, std::list<EmbeddingCacheEntry>::iterator, KeyHash> places;
    Counts counts;
  };

  Shard& ShardOf(const EmbeddingKey& key);

  std::vector<std::unique_ptr<Shard>> shards_;
};

}  // namespace datastorage
