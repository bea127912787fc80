// Relay: finishes what writes left pending. It leases due rows, embeds what lacks an embedding,
// stores it guarded by the text it was made of, and applies the committed record to the index.
//
// Threads:   one task of its own; Wake may be called from anywhere.
// Ownership: keeps references to what it is given; all must outlive it.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "base/metrics.h"
#include "base/runtime.h"
#include "engine/embedding_service.h"
#include "engine/index_writer.h"
#include "engine/vector_sets.h"
#include "ports/record_store.h"

namespace datastorage {

class Relay {
 public:
  // `embedder` may be null: then records without an embedding stay pending.
  Relay(Runtime& runtime,
        RecordStore& store,
        VectorSets& sets,
        EmbeddingService* embedder,
        Metrics& metrics);
  ~Relay();
  Relay(const Relay&) = delete;
  Relay& operator=(const Relay&) = delete;

  void Start();
  void Stop();
  // Says that something has become due.
  void Wake();

  // Leases one batch and works on it; returns how many rows it leased. For Start and for tests.
  Result<int> RunOnce();

 private:
  struct Work;
  void Run();
  Result<void> ApplyLeftOver(Deadline deadline);
  Result<void> Finish(std::span<const PendingVector> rows, Deadline deadline);
  Result<void> EmbedMissing(std::vector<Work>& missing, Deadline deadline);
  Result<void> StoreEmbeddings(std::vector<Work>& embedded, Deadline deadline);
  void GiveBack(const PendingVector& row, ErrorCode code, Deadline deadline);

  Runtime& runtime_;
  RecordStore& store_;
  VectorSets& sets_;
  EmbeddingService* embedder_;
  Metrics& metrics_;
  IndexWriter index_writer_;
  Mutex mutex_;
  WaitQueue woken_;
  bool has_work_ = true;  // Rows may be left from before the start.
  bool is_stopping_ = false;
  std::unique_ptr<Task> task_;
};

}  // namespace datastorage
