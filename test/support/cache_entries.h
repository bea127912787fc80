// Entries for tests of embedding caches.
#pragma once

#include <cstdint>

#include "ports/embedding_cache.h"

namespace datastorage {

// An entry whose key and vector follow from `number` and `version`.
inline EmbeddingCacheEntry AnEntry(std::size_t number, std::size_t version = 0) {
  EmbeddingCacheEntry entry{};
  std::uint64_t state = number + 1;
  for (std::uint8_t& byte : entry.key) {
    state = state * 6'364'136'223'846'793'005u + 1'442'695'040'888'963'407u;
    byte = static_cast<std::uint8_t>(state >> 56);
  }
  entry.embedding[number % kEmbeddingDimensionCount] = 0.6F;
  entry.embedding[(number + version + 1) % kEmbeddingDimensionCount] = 0.8F;
  return entry;
}

}  // namespace datastorage
