// CatchUp: notices an index that is ahead of the record store, as after the store was restored from
// a backup or failed over, and one that has lost all, as where its server was replaced by an empty
// one; and brings the index to what the store says.
//
// Threads:   safe to call concurrently.
// Ownership: keeps references to what it is given; all must outlive it, as must the indexes.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <vector>

#include "base/runtime.h"
#include "engine/reconciler.h"

namespace datastorage {

class CatchUp {
 public:
  CatchUp(Runtime& runtime, RecordStore& store);
  ~CatchUp();

  // For VectorSets::OnBind: before the index is used for the first time. If it holds stamps that
  // the store has yet to issue, the store will issue higher ones from now on, and a task of its own
  // leaves a pending row for every difference. Until that is done the index must not be used: what
  // it holds under a stamp may be of another content, and taken for sent. The same is done with an
  // index that holds nothing although it was in use before: searches would miss what it had.
  // Errors: kUnavailable while the task runs; those of the index and the store. Then it is to be
  // called again.
  Result<void> Look(const VectorPlace& place, Deadline deadline);

  // Waits for the tasks. False when the deadline passes first.
  bool AwaitDone(Deadline deadline);
  // Ends the tasks, done or not. What they have not found yet `reconcile` finds.
  void Stop();

 private:
  Result<bool> HasLostAll(const VectorPlace& place, Deadline deadline);
  Result<bool> IsBeingFilled(const VectorPlace& place, Deadline deadline);
  void Mend(const VectorPlace& place, ReconcileOptions options);
  bool IsEachDone() const;

  Runtime& runtime_;
  RecordStore& store_;
  Reconciler reconciler_;
  std::atomic<bool> is_stopping_ = false;
  Mutex mutex_;
  WaitQueue changed_;
  std::map<VectorSetId, bool> is_done_;  // Of the sets whose index was ahead, or empty.
  std::vector<std::unique_ptr<Task>> tasks_;
};

}  // namespace datastorage
