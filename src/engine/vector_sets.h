// VectorSets: which vector sets there are, with the index and the rules of each, which one answers
// searches, and how far an in-process index is filled.
//
// Threads:   safe to call concurrently after Open.
// Ownership: keeps references to what it is given; all must outlive it.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/runtime.h"
#include "engine/unapplied_writes.h"
#include "engine/vector_place.h"
#include "ports/record_store.h"

namespace datastorage {

// An index that this process can reach, under the name that sets call it by.
struct VectorEngine {
  std::string name;
  VectorIndex* index = nullptr;
};

class VectorSets {
 public:
  // `space` is empty when the service runs without an embedder. A new set is of the first engine.
  VectorSets(Runtime& runtime,
             RecordStore& store,
             std::vector<VectorEngine> engines,
             std::string space);

  // Called once an index that keeps its points is found to bear its set's mark, before it is used;
  // after an error it is called again. REQUIRES: Open was not called yet.
  using BindHook = std::function<Result<void>(const VectorPlace&, Deadline)>;
  void OnBind(BindHook hook) { on_bind_ = std::move(hook); }

  // Whether a live set of our space, whose engine is not at hand, may be retired for a new one.
  using MayLeave = std::function<bool(const VectorSet&)>;
  // Makes a set of our space and of an engine at hand the live one. A live set of another space
  // cannot answer, since its model is not loaded; it is retired, and every record becomes pending
  // in the new one.
  // Errors: those of the record store; kInvalidArgument when the index of a live set bears another
  // set's mark; kConflict when the live set's engine is not at hand, and it may not be left.
  Result<void> Open(Deadline deadline, const MayLeave& may_leave = nullptr);

  // Learns what other replicas changed. Errors: as Open.
  Result<void> Refresh(Deadline deadline);

  // Fills the in-process index from the stored embeddings, in a task of its own. Writes go on:
  // stamps decide who is newer. REQUIRES: Open succeeded.
  void StartFilling();
  bool IsFilled() const { return is_filled_.load(std::memory_order_acquire); }
  // Waits until it is filled. False when the deadline passes first, or the store failed for good.
  bool AwaitFilled(Deadline deadline);

  // The set that answers searches; none without an embedder.
  std::optional<VectorPlace> Live();
  // All sets that writes go to, the live one first.
  std::vector<VectorPlace> Places();
  // Whether a strict creation needs an intent in any of them.
  bool NeedsIntent();
  // Whether a write has to send its vector to any of them, and to enter its ids as unapplied.
  bool NeedsSending();
  bool NeedsEntry();
  const std::string& Space() const { return space_; }
  // Of new sets.
  const std::string& TargetEngine() const { return engines_.front().engine.name; }
  // The engine at hand of this name; nullptr: there is none.
  const VectorEngine* Find(std::string_view engine) const;

  UnappliedWrites& unapplied() { return unapplied_; }

  // Stops filling and joins its task.
  void Stop();

 private:
  struct Engine {
    VectorEngine engine;
    std::unique_ptr<CircuitBreaker> breaker;
  };

  Result<void> CheckElsewhere(const MayLeave& may_leave, Deadline deadline);
  Result<VectorPlace> Bind(const VectorSet& set, const Engine& engine, Deadline deadline);
  void Fill(VectorIndex& index);
  Result<std::optional<RecordId>> FillPage(VectorIndex& index, RecordId after);

  Runtime& runtime_;
  RecordStore& store_;
  std::vector<Engine> engines_;
  const std::string space_;
  BindHook on_bind_;
  UnappliedWrites unapplied_;
  std::atomic<bool> is_filled_ = false;
  Mutex mutex_;
  WaitQueue changed_;
  std::vector<VectorPlace> places_;
  bool is_stopping_ = false;
  std::unique_ptr<Task> filling_;
};

}  // namespace datastorage
