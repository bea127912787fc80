// Settler: removes the pending rows of writes that their index shows (step T2). It may forget some:
// the relay then repeats an idempotent write.
//
// Threads:   one task of its own; Settle may be called from anywhere and does not wait.
// Ownership: keeps references to what it is given; all must outlive it.
// Bound:     limits::kSettleQueueCountMax rows wait; more are forgotten.
#pragma once

#include <memory>
#include <vector>

#include "base/runtime.h"
#include "engine/vector_sets.h"
#include "ports/record_store.h"

namespace datastorage {

class Settler {
 public:
  Settler(Runtime& runtime, RecordStore& store);
  ~Settler();
  Settler(const Settler&) = delete;
  Settler& operator=(const Settler&) = delete;

  // `rows` are of the place's set, and its index holds what they stand for.
  void Settle(const VectorPlace& place, std::vector<PendingVector> rows);

  // From here on rows are settled by themselves, until Stop, which joins the task.
  void Start();
  void Stop();

  // Settles what has gathered. For the task and for tests.
  // Errors: the first of those of the indexes and of the record store; the rows of a set that
  // failed are forgotten, those of the others are not.
  Result<void> RunOnce();

 private:
  struct Batch {
    VectorPlace place;
    std::vector<PendingVector> rows;
  };

  void Run();

  Runtime& runtime_;
  RecordStore& store_;
  Mutex mutex_;
  WaitQueue changed_;
  std::vector<Batch> gathered_;  // One a set.
  std::size_t row_count_ = 0;
  bool is_stopping_ = false;
  std::unique_ptr<Task> task_;
};

}  // namespace datastorage
