// TieredEmbeddingCache: a near cache before a far one. What the far one knew is kept in the near
// one too.
//
// Threads:   safe to call concurrently, as the two are.
// Ownership: keeps references to both; they must outlive it.
#pragma once

#include "ports/embedding_cache.h"

namespace datastorage {

class TieredEmbeddingCache final : public EmbeddingCache {
 public:
  TieredEmbeddingCache(EmbeddingCache& near, EmbeddingCache& far) : near_(near), far_(far) {}

  // Where one fails, its keys are misses as long as the other knows any; else it fails as the far
  // one does, or the near one.
  Result<std::vector<std::optional<Embedding>>> Get(std::span<const EmbeddingKey> keys,
                                                    Deadline deadline) override;
  // Both are given the entries; fails as the near one does, else as the far one.
  Result<void> Put(std::span<const EmbeddingCacheEntry> entries, Deadline deadline) override;

 private:
  EmbeddingCache& near_;
  EmbeddingCache& far_;
};

}  // namespace datastorage
