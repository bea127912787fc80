// EmbeddingCache: remembers embeddings by key. Losing it costs time, never truth.
//
// Implementations: memory_cache/, redis/. All pass test/contract/embedding_cache_contract.h.
// All are thread-safe and bounded.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "domain/embedding.h"

namespace datastorage {

// SHA-256 of (model id, template version, text).
using EmbeddingKey = std::array<std::uint8_t, 32>;

struct EmbeddingCacheEntry {
  EmbeddingKey key;
  Embedding embedding;
};

class EmbeddingCache {
 public:
  virtual ~EmbeddingCache() = default;

  // Returns one slot a key, in order; absent ones are misses. An entry that fails
  // its check is a miss.
  // Errors: kUnavailable, kDeadlineExceeded; the caller counts them and goes on.
  virtual Result<std::vector<std::optional<Embedding>>> Get(std::span<const EmbeddingKey> keys,
                                                            Deadline deadline) = 0;

  // Stores what fits; an old entry may go at any time.
  // Errors: kUnavailable, kDeadlineExceeded; the caller counts them and goes on.
  virtual Result<void> Put(std::span<const EmbeddingCacheEntry> entries, Deadline deadline) = 0;
};

}  // namespace datastorage
