// GroupCommitter: gathers concurrent operations into one transaction of the record store, so
// that many writers share one sync. One thread commits what has gathered while the previous
// transaction ran. An operation that another transaction blocks (a locked row) leaves that queue: a
// second thread tries it alone, again and again, and the others go on.
//
// Threads:   safe to call concurrently; calls block until their operations are decided.
// Ownership: keeps a reference to the store, which must outlive it. Destroying it finishes what
//            is queued.
// Bound:     limits::kCommitQueueCountMax operations wait; more are refused. Of those that are
//            blocked, kBlockedCountMax.
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
  static constexpr std::size_t kBlockedCountMax = 256;
  // So long a blocked operation is tried.
  static constexpr Duration kBlockedPatience = std::chrono::seconds(10);

  GroupCommitter(Runtime& runtime, RecordStore& store, Metrics& metrics);
  ~GroupCommitter();
  GroupCommitter(const GroupCommitter&) = delete;
  GroupCommitter& operator=(const GroupCommitter&) = delete;

  // Decides each operation for itself, those of one id in the order given. One result each, in
  // order. `held` is kept as long as any of them may still commit, also after the caller gave up.
  // Errors: kResourceExhausted (queue full), kDeadlineExceeded (it was still waiting: nothing was
  // changed), kOutcomeUnknown (the deadline passed inside its transaction), kUnavailable (also:
  // another transaction blocked it until then), and the store's, but for kConflict. A commit that
  // the store did not answer is settled by its attempts as long as the time allows.
  std::vector<Result<WriteOutcome>> CommitEach(std::vector<WriteOp> operations,
                                               const std::shared_ptr<void>& held,
                                               Deadline deadline);

  // All or none, in a transaction of their own. An Error is everybody's.
  std::vector<Result<WriteOutcome>> CommitAll(std::span<const WriteOp> operations,
                                              Deadline deadline);

 private:
  struct Caller;
  struct Item;
  using ItemPointer = std::shared_ptr<Item>;

  void Run();
  std::optional<std::vector<ItemPointer>> TakeBatch();
  std::vector<ItemPointer> WithoutFollowers(std::vector<ItemPointer> batch);
  void CommitBatch(const std::vector<ItemPointer>& batch, SteadyTime split_until);
  std::vector<Result<WriteOutcome>> Try(std::span<const ItemPointer> items);
  void SetAside(const std::vector<ItemPointer>& items);
  void RunBlocked();
  std::optional<std::vector<ItemPointer>> TakeBlocked();
  void TryBlocked(const ItemPointer& item);
  void Decide(const std::vector<ItemPointer>& batch, std::vector<Result<WriteOutcome>> results);
  Result<WriteOutcome> Await(const ItemPointer& item, Deadline deadline);

  Runtime& runtime_;
  RecordStore& store_;
  Metrics& metrics_;
  Mutex mutex_;
  WaitQueue queued_;
  WaitQueue set_aside_;
  std::deque<ItemPointer> queue_;
  std::vector<ItemPointer> blocked_;  // In the order in which they came; tried ones stay until
                                      // they are decided.
  bool is_stopping_ = false;
  bool is_ending_ = false;  // Nothing more is set aside.
  // Last: joined before the rest goes.
  std::unique_ptr<Task> committer_;
  std::unique_ptr<Task> retrier_;  // Since the first operation was blocked.
};

}  // namespace datastorage
