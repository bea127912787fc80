// EmbeddingService: texts to vectors through cache, single flight and bounded batches.
// Queries pass ahead of writes, writes ahead of the relay.
//
// Threads:     safe to call concurrently. Equal texts in flight run the model once, and a text
//              whose caller gave up stays queued: its vector goes to the cache.
// Ownership:   keeps references to what it is given; all must outlive it. Destroying it stops the
//              workers after the batch they run. REQUIRES: no call runs then.
// Limitations: a failing cache is counted, never reported.
#pragma once

#include <atomic>
#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/metrics.h"
#include "base/runtime.h"
#include "base/sha256.h"
#include "ports/embedder.h"
#include "ports/embedding_cache.h"

namespace datastorage {

enum class EmbeddingPriority : std::uint8_t { kQuery, kWrite, kRelay };
inline constexpr std::size_t kEmbeddingPriorityCount = 3;

class EmbeddingService {
 public:
  struct Options {
    int worker_count = 1;  // Batches that run at once.
  };

  EmbeddingService(Runtime& runtime,
                   Embedder& embedder,
                   EmbeddingCache& cache,
                   Metrics& metrics,
                   const Options& options);
  ~EmbeddingService();
  EmbeddingService(const EmbeddingService&) = delete;
  EmbeddingService& operator=(const EmbeddingService&) = delete;

  // Model and template version: vectors of equal spaces are comparable.
  const std::string& Space() const { return space_; }

  // One result a text, in order. A text that finds the queue full, or is not done in time, fails
  // alone.
  // Errors: kResourceExhausted (queue full), kDeadlineExceeded, kUnavailable, kInternal.
  std::vector<Result<Embedding>> EmbedEach(std::span<const std::string_view> texts,
                                           EmbeddingPriority priority,
                                           Deadline deadline);
  Result<Embedding> Embed(std::string_view text, EmbeddingPriority priority, Deadline deadline);

  // The error of the newest batch, if that failed.
  std::optional<Error> LastFailure();

  // Of the texts it holds: those queued or running. A vector may be known for longer, its text,
  // which may be a record's that is erased meanwhile, is not.
  std::size_t TextByteCount();

 private:
  struct Flight;
  using FlightPointer = std::shared_ptr<Flight>;
  struct KeyHash {
    std::size_t operator()(const EmbeddingKey& key) const noexcept;
  };

  void LookUpCached(std::span<const EmbeddingKey> keys,
                    std::vector<Result<Embedding>>& results,
                    Deadline deadline);
  Result<FlightPointer> Join(std::string_view text,
                             const EmbeddingKey& key,
                             EmbeddingPriority priority);
  void Await(const FlightPointer& flight, Result<Embedding>& result, Deadline deadline);
  void RunWorker();
  std::vector<FlightPointer> TakeBatch();
  void RunBatch(const std::vector<FlightPointer>& batch);
  void Land(const std::vector<FlightPointer>& batch, Result<std::vector<Embedding>> vectors);
  std::size_t QueuedCount() const;

  Runtime& runtime_;
  Embedder& embedder_;
  EmbeddingCache& cache_;
  Metrics& metrics_;
  const std::string model_id_;
  const std::string space_;

  Mutex mutex_;
  WaitQueue queued_;
  WaitQueue landed_;
  std::unordered_map<EmbeddingKey, FlightPointer, KeyHash> flights_;  // Queued, running, landed.
  // The last ones that succeeded, for callers that asked the cache just before.
  std::deque<FlightPointer> landed_flights_;
  std::array<std::deque<FlightPointer>, kEmbeddingPriorityCount> queues_;
  std::optional<Error> last_failure_;
  bool is_stopping_ = false;
  std::vector<std::unique_ptr<Task>> workers_;  // Last: joined before the rest goes.
};

}  // namespace datastorage
