// GroupCommitter: gathers concurrent operations into one transaction of the record store, so
// that many writers share one sync. One thread commits what has gathered while the previous
// transaction ran.
//
// Threads:   safe to call concurrently; calls block until their operations are decided.
// Ownership: keeps a reference to the store, which must outlive it. Destroying it finishes what
//            is queued.
// Bound:     limits::kCommitQueueCountMax operations wait; more are refused.
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "base/metrics.h"
#include "base/runtime.h"
#include "ports/record_store.h"

namespace datastorage {

class GroupCommitter {
 public:
  GroupCommitter(Runtime& runtime, RecordStore& store, Metrics& metrics);
  ~GroupCommitter();
  GroupCommitter(const GroupCommitter&) = delete;
  GroupCommitter& operator=(const GroupCommitter&) = delete;

  // Decides each operation for itself, in the order given among themselves. One result each, in
  // order. `held` is kept as long as any of them may still commit, also after the caller gave up.
  // Errors: kResourceExhausted (queue full), kDeadlineExceeded (it was still waiting: nothing was
  // changed), kOutcomeUnknown (the deadline passed inside its transaction), and the store's. A
  // commit that the store did not answer is settled by its attempts as long as the time allows.
  std::vector<Result<WriteOutcome>> CommitEach(std::vector<WriteOp> operations,
                                               const std::shared_ptr<void>& held,
                                               Deadline deadline);

  // All or none, in a transaction of their own. An Error is everybody's.
  std::vector<Result<WriteOutcome>> CommitAll(std::span<const WriteOp> operations,
                                              Deadline deadline);

 private:
  struct Item;
  using ItemPointer = std::shared_ptr<Item>;

  void Run();
  std::optional<std::vector<ItemPointer>> TakeBatch();
  void CommitBatch(const std::vector<ItemPointer>& batch);
  void Decide(const std::vector<ItemPointer>& batch, std::vector<Result<WriteOutcome>> results);
  Result<WriteOutcome> Await(const ItemPointer& item, Deadline deadline);

  Runtime& runtime_;
  RecordStore& store_;
  Metrics& metrics_;
  Mutex mutex_;
  WaitQueue queued_;
  std::deque<ItemPointer> queue_;
  bool is_stopping_ = false;
  std::unique_ptr<Task> committer_;  // Last: joined before the rest goes.
};

}  // namespace datastorage
