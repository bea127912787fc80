#include "engine/embedding_service.h"

#include <cstring>

#include "base/limits.h"
#include "schema/embedded_text.h"

namespace datastorage {
namespace {

constexpr Duration kBatchTimeout = std::chrono::seconds(60);

Error NotDoneYet() {
  return DeadlineExceeded("the embedding was not ready in time");
}

}  // namespace

// One text on its way through the model. Guarded by the service's mutex, except `text`: whoever
// runs the batch reads it, until it is emptied when the flight lands.
struct EmbeddingService::Flight {
  std::string text;
  EmbeddingKey key{};
  EmbeddingPriority priority = EmbeddingPriority::kRelay;
  bool is_taken = false;
  std::optional<Result<Embedding>> result;
};

std::size_t EmbeddingService::KeyHash::operator()(const EmbeddingKey& key) const noexcept {
  std::size_t hash = 0;
  std::memcpy(&hash, key.data(), sizeof hash);
  return hash;
}

EmbeddingService::EmbeddingService(Runtime& runtime,
                                   Embedder& embedder,
                                   EmbeddingCache& cache,
                                   Metrics& metrics,
                                   const Options& options)
    : runtime_(runtime),
      embedder_(embedder),
      cache_(cache),
      metrics_(metrics),
      model_id_(embedder.ModelId()),
      space_(model_id_ + "/" + std::string(schema::kTemplateVersion)),
      mutex_(runtime),
      queued_(runtime),
      landed_(runtime) {
  for (int i = 0; i < options.worker_count; ++i) {
    workers_.push_back(runtime_.Spawn("embed", [this] { RunWorker(); }));
  }
}

EmbeddingService::~EmbeddingService() {
  {
    const MutexLock lock(mutex_);
    is_stopping_ = true;
  }
  queued_.NotifyAll();
  landed_.NotifyAll();
  workers_.clear();
}

Result<Embedding> EmbeddingService::Embed(std::string_view text,
                                          EmbeddingPriority priority,
                                          Deadline deadline) {
  return std::move(EmbedEach({&text, 1}, priority, deadline).front());
}

std::vector<Result<Embedding>> EmbeddingService::EmbedEach(std::span<const std::string_view> texts,
                                                           EmbeddingPriority priority,
                                                           Deadline deadline) {
  std::vector<EmbeddingKey> keys;
  keys.reserve(texts.size());
  for (const std::string_view text : texts) {
    keys.push_back(Sha256Of({model_id_, schema::kTemplateVersion, text}));
  }
  std::vector<Result<Embedding>> results(texts.size(), Result<Embedding>(NotDoneYet()));
  LookUpCached(keys, results, deadline);

  std::vector<FlightPointer> flights(texts.size());
  for (std::size_t i = 0; i < texts.size(); ++i) {
    if (results[i].has_value()) continue;
    Result<FlightPointer> flight = Join(texts[i], keys[i], priority);
    if (flight.has_value()) {
      flights[i] = *flight;
    } else {
      results[i] = flight.error();
    }
  }
  for (std::size_t i = 0; i < texts.size(); ++i) {
    if (flights[i] != nullptr) Await(flights[i], results[i], deadline);
  }
  return results;
}

std::optional<Error> EmbeddingService::LastFailure() {
  const MutexLock lock(mutex_);
  return last_failure_;
}

std::size_t EmbeddingService::TextByteCount() {
  const MutexLock lock(mutex_);
  std::size_t byte_count = 0;
  for (const auto& [key, flight] : flights_) byte_count += flight->text.size();
  return byte_count;
}

void EmbeddingService::LookUpCached(std::span<const EmbeddingKey> keys,
                                    std::vector<Result<Embedding>>& results,
                                    Deadline deadline) {
  const auto cached = cache_.Get(keys, deadline.Within(limits::kEmbeddingCacheTimeout, runtime_));
  for (std::size_t i = 0; i < keys.size(); ++i) {
    if (cached.has_value() && (*cached)[i].has_value()) {
      results[i] = *(*cached)[i];
      metrics_.Count(Metric::kCacheHits);
    } else {
      metrics_.Count(Metric::kCacheMisses);
    }
  }
}

Result<EmbeddingService::FlightPointer> EmbeddingService::Join(std::string_view text,
                                                               const EmbeddingKey& key,
                                                               EmbeddingPriority priority) {
  const MutexLock lock(mutex_);
  if (is_stopping_) return Unavailable("the embedder is stopping");
  if (const auto found = flights_.find(key); found != flights_.end()) {
    Flight& flight = *found->second;
    if (!flight.is_taken && priority < flight.priority) {
      // Whoever is in a hurry pulls the text forward; the old place in the queue is skipped.
      flight.priority = priority;
      queues_[static_cast<std::size_t>(priority)].push_back(found->second);
      queued_.NotifyOne();
    }
    return found->second;
  }
  // The last quarter of the queue is kept for queries, so that a bulk load never shuts them out.
  const std::size_t room = priority == EmbeddingPriority::kQuery
                               ? limits::kEmbeddingQueueCountMax
                               : limits::kEmbeddingQueueCountMax / 4 * 3;
  if (QueuedCount() >= room) return ResourceExhausted("the embedder's queue is full");
  auto flight = std::make_shared<Flight>();
  flight->text = text;
  flight->key = key;
  flight->priority = priority;
  flights_.emplace(key, flight);
  queues_[static_cast<std::size_t>(priority)].push_back(flight);
  metrics_.Set(Metric::kEmbedderQueue, static_cast<double>(QueuedCount()));
  queued_.NotifyOne();
  return flight;
}

void EmbeddingService::Await(const FlightPointer& flight,
                             Result<Embedding>& result,
                             Deadline deadline) {
  const MutexLock lock(mutex_);
  while (!flight->result.has_value()) {
    if (is_stopping_) {
      result = Unavailable("the embedder is stopping");
      return;
    }
    if (!landed_.Wait(mutex_, deadline) && !flight->result.has_value()) {
      result = NotDoneYet();
      return;
    }
  }
  result = *flight->result;
}

std::size_t EmbeddingService::QueuedCount() const {
  return flights_.size() - landed_flights_.size();
}

void EmbeddingService::RunWorker() {
  for (;;) {
    const std::vector<FlightPointer> batch = TakeBatch();
    if (batch.empty()) return;
    RunBatch(batch);
  }
}

// Texts of one priority only, so that a query never waits for the padding of a bulk load.
std::vector<EmbeddingService::FlightPointer> EmbeddingService::TakeBatch() {
  const MutexLock lock(mutex_);
  std::vector<FlightPointer> batch;
  int cost = 0;
  while (!is_stopping_) {
    for (std::size_t priority = 0; priority < queues_.size() && batch.empty(); ++priority) {
      std::deque<FlightPointer>& queue = queues_[priority];
      while (!queue.empty() && batch.size() < limits::kEmbeddingBatchTextCountMax) {
        Flight& next = *queue.front();
        const bool was_pulled_forward =
            next.is_taken || next.priority < EmbeddingPriority(priority);
        if (!was_pulled_forward) {
          const int next_cost = embedder_.CostOf(next.text);
          if (!batch.empty() && cost + next_cost > limits::kEmbeddingBatchTokenCountMax) break;
          cost += next_cost;
          next.is_taken = true;
          batch.push_back(queue.front());
        }
        queue.pop_front();
      }
    }
    if (!batch.empty()) break;
    queued_.Wait(mutex_, Deadline::Never());
  }
  if (!batch.empty()) metrics_.Observe(Metric::kEmbedderBatchTokens, cost);
  return batch;
}

void EmbeddingService::RunBatch(const std::vector<FlightPointer>& batch) {
  std::vector<std::string_view> texts;
  texts.reserve(batch.size());
  for (const FlightPointer& flight : batch) texts.emplace_back(flight->text);
  const SteadyTime begin = runtime_.Now();
  Result<std::vector<Embedding>> vectors =
      embedder_.Embed(texts, Deadline::In(kBatchTimeout, runtime_));
  const std::chrono::duration<double> elapsed = runtime_.Now() - begin;
  metrics_.Observe(Metric::kEmbeddingDuration, elapsed.count());
  if (!vectors.has_value() && vectors.error().code == ErrorCode::kInternal && batch.size() > 1) {
    // One bad text must not fail its neighbours.
    for (const FlightPointer& flight : batch) RunBatch({flight});
    return;
  }
  Land(batch, std::move(vectors));
}

void EmbeddingService::Land(const std::vector<FlightPointer>& batch,
                            Result<std::vector<Embedding>> vectors) {
  if (vectors.has_value()) {
    metrics_.Count(Metric::kEmbedderTexts, {}, static_cast<double>(batch.size()));
    std::vector<EmbeddingCacheEntry> entries;
    entries.reserve(batch.size());
    for (std::size_t i = 0; i < batch.size(); ++i) {
      entries.push_back({batch[i]->key, (*vectors)[i]});
    }
    const Result<void> kept =
        cache_.Put(entries, Deadline::In(limits::kEmbeddingCacheTimeout, runtime_));
    static_cast<void>(kept.has_value());
  }
  const MutexLock lock(mutex_);
  last_failure_ = vectors.has_value() ? std::nullopt : std::optional<Error>(vectors.error());
  for (std::size_t i = 0; i < batch.size(); ++i) {
    std::string().swap(batch[i]->text);  // Frees it, which clear() would not.
    if (!vectors.has_value()) {
      batch[i]->result = vectors.error();
      flights_.erase(batch[i]->key);
      continue;
    }
    batch[i]->result = (*vectors)[i];
    landed_flights_.push_back(batch[i]);
    if (landed_flights_.size() <= limits::kLandedFlightCountMax) continue;
    flights_.erase(landed_flights_.front()->key);
    landed_flights_.pop_front();
  }
  metrics_.Set(Metric::kEmbedderQueue, static_cast<double>(QueuedCount()));
  landed_.NotifyAll();
}

}  // namespace datastorage
