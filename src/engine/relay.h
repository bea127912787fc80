// Relay: finishes what writes left pending. For each set it leases due rows, embeds what lacks an
// embedding, stores it guarded by the text it was made of, and brings the committed record, or a
// tombstone, into the set's index. Intents whose lease has ended it takes away from their writers.
// It also has old tombstones purged.
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
#include "engine/settler.h"
#include "engine/tombstone_purge.h"
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
        Settler& settler,
        Metrics& metrics);
  ~Relay();
  Relay(const Relay&) = delete;
  Relay& operator=(const Relay&) = delete;

  void Start();
  void Stop();
  // Says that something has become due.
  void Wake();

  // Leases one batch of each set and works on it; returns how many rows it leased. For Start and
  // for tests.
  Result<int> RunOnce();

 private:
  struct Work;
  struct Failure;
  void Run();
  Result<void> ApplyLeftOver(Deadline deadline);
  Result<int> RunPlace(const VectorPlace& place, Deadline deadline);
  Result<void> FenceIntents(std::vector<PendingVector>& rows, Deadline deadline);
  Result<void> Finish(const VectorPlace& place,
                      std::span<const PendingVector> rows,
                      Deadline deadline);
  Result<std::vector<Work>> Read(const VectorPlace& place,
                                 std::span<const PendingVector> rows,
                                 Deadline deadline);
  void EmbedMissing(std::span<Work> works, Deadline deadline);
  Result<void> StoreEmbeddings(const VectorPlace& place, std::span<Work> works, Deadline deadline);
  void Send(const VectorPlace& place, std::span<Work> works, Deadline deadline);
  Result<void> SendBatch(const VectorPlace& place, std::span<Work> works, Deadline deadline);
  Result<void> RenewOverFutureStamps(const VectorPlace& place,
                                     std::span<Work> works,
                                     Deadline deadline);
  bool Settle(const VectorPlace& place, std::span<Work> works, Deadline deadline);
  void GiveBack(Work& work, const Failure& failure, Deadline deadline);

  Runtime& runtime_;
  RecordStore& store_;
  VectorSets& sets_;
  EmbeddingService* embedder_;
  Settler& settler_;
  Metrics& metrics_;
  IndexWriter index_writer_;
  TombstonePurge tombstone_purge_;
  Mutex mutex_;
  WaitQueue woken_;
  bool has_work_ = true;  // Rows may be left from before the start.
  bool is_stopping_ = false;
  std::unique_ptr<Task> task_;
};

}  // namespace datastorage
