#include "memory_cache/memory_embedding_cache.h"

#include <algorithm>
#include <cstring>

#include "base/check.h"

namespace datastorage {
namespace {

// Keys are hashes already: any eight bytes are as good as the whole.
std::uint64_t WordAt(const EmbeddingKey& key, std::size_t offset) {
  std::uint64_t word = 0;
  std::memcpy(&word, key.data() + offset, sizeof(word));
  return word;
}

}  // namespace

std::size_t MemoryEmbeddingCache::KeyHash::operator()(const EmbeddingKey& key) const {
  return WordAt(key, 0);
}

MemoryEmbeddingCache::MemoryEmbeddingCache(const Options& options) {
  DS_CHECK(options.shard_count > 0);
  const std::size_t entry_count_max = options.byte_count_max / kEntryByteCount;
  const std::size_t shard_count = std::clamp<std::size_t>(entry_count_max, 1, options.shard_count);
  for (std::size_t i = 0; i < shard_count; ++i) {
    shards_.push_back(std::make_unique<Shard>());
    shards_.back()->entry_count_max = entry_count_max / shard_count;
  }
}

// By other bytes than the hash, or a shard's table would see few of its buckets used.
MemoryEmbeddingCache::Shard& MemoryEmbeddingCache::ShardOf(const EmbeddingKey& key) {
  return *shards_[WordAt(key, sizeof(std::uint64_t)) % shards_.size()];
}

Result<std::vector<std::optional<Embedding>>> MemoryEmbeddingCache::Get(
    std::span<const EmbeddingKey> keys, Deadline /*deadline*/) {
  std::vector<std::optional<Embedding>> found;
  found.reserve(keys.size());
  for (const EmbeddingKey& key : keys) {
    Shard& shard = ShardOf(key);
    const std::lock_guard lock(shard.mutex);
    const auto place = shard.places.find(key);
    if (place == shard.places.end()) {
      ++shard.counts.miss_count;
      found.emplace_back(std::nullopt);
      continue;
    }
    ++shard.counts.hit_count;
    shard.entries.splice(shard.entries.begin(), shard.entries, place->second);
    found.emplace_back(place->second->embedding);
  }
  return found;
}

Result<void> MemoryEmbeddingCache::Put(std::span<const EmbeddingCacheEntry> entries,
                                       Deadline /*deadline*/) {
  for (const EmbeddingCacheEntry& entry : entries) {
    Shard& shard = ShardOf(entry.key);
    const std::lock_guard lock(shard.mutex);
    if (shard.entry_count_max == 0) continue;
    const auto place = shard.places.find(entry.key);
    if (place != shard.places.end()) {
      place->second->embedding = entry.embedding;
      shard.entries.splice(shard.entries.begin(), shard.entries, place->second);
      continue;
    }
    if (shard.entries.size() >= shard.entry_count_max) {
      shard.places.erase(shard.entries.back().key);
      shard.entries.pop_back();
      ++shard.counts.eviction_count;
    }
    shard.entries.push_front(entry);
    shard.places.emplace(entry.key, shard.entries.begin());
  }
  return {};
}

MemoryEmbeddingCache::Counts MemoryEmbeddingCache::counts() const {
  Counts sum;
  for (const auto& shard : shards_) {
    const std::lock_guard lock(shard->mutex);
    sum.hit_count += shard->counts.hit_count;
    sum.miss_count += shard->counts.miss_count;
    sum.eviction_count += shard->counts.eviction_count;
    sum.entry_count += shard->entries.size();
  }
  return sum;
}

}  // namespace datastorage
