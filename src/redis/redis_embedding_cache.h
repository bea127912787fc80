// RedisEmbeddingCache: embeddings kept on a Redis or Valkey server, which several services share.
// Whatever the server does costs time only: a call takes the budget at most, and what it gives back
// was checked to be the vector that this model made for this key.
//
// Threads:     safe to call concurrently.
// Limitations: the server's own memory is bounded by its configuration (maxmemory) and the lifetime
// of
//              the entries. Needs the commands GETRANGE, SET and PING, and AUTH and SELECT where
//              the address asks for them. No cluster mode.
#pragma once

#include <string>

#include "base/limits.h"
#include "base/metrics.h"
#include "base/runtime.h"
#include "ports/embedding_cache.h"
#include "ports/health_probe.h"
#include "redis/cached_value.h"
#include "redis/connection_pool.h"

namespace datastorage {

class RedisEmbeddingCache final : public EmbeddingCache, public HealthProbe {
 public:
  struct Options {
    redis::Address address;
    std::string model_id;
    std::string key_prefix = "datastorage:embedding:";
    std::chrono::milliseconds lifetime = limits::kSharedEmbeddingLifetime;
    // Of one call, also where its own deadline is later.
    std::chrono::milliseconds call_timeout = limits::kEmbeddingCacheTimeout;
    std::size_t connection_count_max = limits::kRedisConnectionCountMax;
  };

  // Connects in the background: a server that is down is no error. `metrics` must outlive it.
  RedisEmbeddingCache(Runtime& runtime, Metrics& metrics, const Options& options);

  // What was read within the time is returned, the rest are misses; an error where that is nothing.
  Result<std::vector<std::optional<Embedding>>> Get(std::span<const EmbeddingKey> keys,
                                                    Deadline deadline) override;
  Result<void> Put(std::span<const EmbeddingCacheEntry> entries, Deadline deadline) override;

  // Writes a value of its own. Waits for the first connection until the deadline, but for a
  // server that is known to be down not at all.
  Result<void> Check(Deadline deadline) override;

 private:
  // A connection for one call of the port.
  struct Call {
    redis::ConnectionPool::Lease lease;
    Deadline limit;
    // Then a deadline that passes says nothing about the server: it was given little of a call's
    // time, or has answered before.
    bool may_time_out;
  };
  Result<Call> Begin(Deadline deadline);
  static Result<std::vector<redis::Reply>> Exchange(Call& call,
                                                    std::span<const redis::Command> commands);
  // Sets each name to the value at its place.
  Result<void> Store(Call& call,
                     std::span<const std::string> names,
                     std::span<const std::string> values);
  Result<void> GetPart(Call& call,
                       std::span<const EmbeddingKey> keys,
                       std::span<std::optional<Embedding>> found);
  std::string NameOf(const EmbeddingKey& key) const;

  Runtime& runtime_;
  Metrics& metrics_;
  const Options options_;
  const redis::ModelMark model_;
  const std::string lifetime_;  // In milliseconds.
  redis::ConnectionPool pool_;
};

}  // namespace datastorage
