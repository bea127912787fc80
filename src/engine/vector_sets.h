// VectorSets: which vector set answers searches, and how far its index is filled.
//
// Threads:   safe to call concurrently after Open.
// Ownership: keeps references to what it is given; all must outlive it.
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/runtime.h"
#include "engine/unapplied_writes.h"
#include "ports/record_store.h"
#include "ports/vector_index.h"

namespace datastorage {

class VectorSets {
 public:
  // `space` is empty when the service runs without an embedder.
  VectorSets(Runtime& runtime,
             RecordStore& store,
             VectorIndex& index,
             std::string engine,
             std::string space);

  // Makes a set of our space the live one. A live set of another space cannot answer, since its
  // model is not loaded; it is retired, and every record becomes pending in the new one.
  // Errors: those of the record store.
  Result<void> Open(Deadline deadline);

  // Fills the in-process index from the stored embeddings, in a task of its own. Writes go on:
  // stamps decide who is newer. REQUIRES: Open succeeded.
  void StartFilling();
  bool IsFilled() const { return is_filled_.load(std::memory_order_acquire); }
  // Waits until it is filled. False when the deadline passes first, or the store failed for good.
  bool AwaitFilled(Deadline deadline);

  // The set that answers searches; none without an embedder.
  const std::optional<VectorSet>& Live() const { return live_; }
  const std::string& Space() const { return space_; }

  UnappliedWrites& unapplied() { return unapplied_; }
  VectorIndex& index() { return index_; }

  // Stops filling and joins its task.
  void Stop();

 private:
  void Fill();
  Result<std::optional<RecordId>> FillPage(RecordId after);

  Runtime& runtime_;
  RecordStore& store_;
  VectorIndex& index_;
  const std::string engine_;
  const std::string space_;
  std::optional<VectorSet> live_;
  UnappliedWrites unapplied_;
  std::atomic<bool> is_filled_ = false;
  Mutex mutex_;
  WaitQueue changed_;
  bool is_stopping_ = false;
  std::unique_ptr<Task> filling_;
};

}  // namespace datastorage
