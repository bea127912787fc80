#include "engine/group_committer.h"

#include <unordered_set>

#include "base/limits.h"
#include "engine/mutant.h"
#include "engine/settled_commit.h"

namespace datastorage {
namespace {

constexpr Duration kCommitTimeout = std::chrono::seconds(10);
// So long a batch is halved to find what blocks it; then all that is left of it is tried alone.
constexpr Duration kSplitTime = std::chrono::milliseconds(500);
constexpr Duration kRetryPause = std::chrono::milliseconds(10);
// With less time left a blocked operation is not tried again: its answer is certain then.
constexpr Duration kTryTime = std::chrono::milliseconds(250);

// The id whose order matters; several operations of one id go into different transactions.
RecordId IdOf(const WriteOp& operation) {
  return std::visit([](const auto& op) { return op.id; }, operation);
}

// Failures that say something about the store as a whole, so that smaller batches fare no better.
bool ConcernsEveryone(ErrorCode code) {
  return code == ErrorCode::kUnavailable || code == ErrorCode::kDeadlineExceeded ||
         code == ErrorCode::kOutcomeUnknown;
}

bool IsBlocked(const Result<WriteOutcome>& result) {
  return !result.has_value() && result.error().code == ErrorCode::kConflict;
}

Error StillBlocked() {
  return Unavailable("another transaction holds what is to be written");
}

}  // namespace

// What a caller and whoever decides share. Its mutex is its own: callers that wake at the same time
// do not queue for another one before they go on.
struct GroupCommitter::Caller {
  explicit Caller(Runtime& runtime) : mutex(runtime), decided(runtime) {}
  Mutex mutex;
  WaitQueue decided;  // Of this call alone: whoever still waits for a later batch sleeps on.
};

// The operation outlives a caller that gave up, since its transaction may still read it.
struct GroupCommitter::Item {
  RecordId id;
  WriteOp operation;
  std::shared_ptr<Caller> caller;
  Deadline deadline = Deadline::Never();
  SteadyTime blocked_at{};
  std::shared_ptr<void> held;
  bool is_taken = false;
  bool is_abandoned = false;
  std::optional<Result<WriteOutcome>> result;  // Guarded by the caller's mutex.
};

GroupCommitter::GroupCommitter(Runtime& runtime, RecordStore& store, Metrics& metrics)
    : runtime_(runtime),
      store_(store),
      metrics_(metrics),
      mutex_(runtime),
      queued_(runtime),
      set_aside_(runtime) {
  committer_ = runtime_.Spawn("commit", [this] { Run(); });
}

GroupCommitter::~GroupCommitter() {
  {
    const MutexLock lock(mutex_);
    is_stopping_ = true;
  }
  queued_.NotifyAll();
  committer_.reset();
  {
    const MutexLock lock(mutex_);
    is_ending_ = true;
  }
  set_aside_.NotifyAll();
  retrier_.reset();
}

std::vector<Result<WriteOutcome>> GroupCommitter::CommitEach(std::vector<WriteOp> operations,
                                                             const std::shared_ptr<void>& held,
                                                             Deadline deadline) {
  std::vector<ItemPointer> items;
  std::vector<Result<WriteOutcome>> results;
  results.reserve(operations.size());
  const auto caller = std::make_shared<Caller>(runtime_);
  {
    const MutexLock lock(mutex_);
    if (is_stopping_ || queue_.size() + operations.size() > limits::kCommitQueueCountMax) {
      results.assign(operations.size(),
                     Result<WriteOutcome>(ResourceExhausted("too many writes are waiting")));
      return results;
    }
    for (WriteOp& operation : operations) {
      items.push_back(std::make_shared<Item>());
      items.back()->id = IdOf(operation);
      items.back()->operation = std::move(operation);
      items.back()->caller = caller;
      items.back()->deadline = deadline;
      if (!DS_MUTANT(kLeavesEarly)) items.back()->held = held;
      queue_.push_back(items.back());
    }
    metrics_.Set(Metric::kCommitQueue, static_cast<double>(queue_.size()));
  }
  queued_.NotifyOne();
  for (const ItemPointer& item : items) results.push_back(Await(item, deadline));
  return results;
}

std::vector<Result<WriteOutcome>> GroupCommitter::CommitAll(std::span<const WriteOp> operations,
                                                            Deadline deadline) {
  return CommitSettled(runtime_, store_, operations, CommitMode::kAllOrNothing, deadline);
}

Result<WriteOutcome> GroupCommitter::Await(const ItemPointer& item, Deadline deadline) {
  Caller& caller = *item->caller;
  {
    const MutexLock own(caller.mutex);
    bool is_in_time = true;
    while (!item->result.has_value() && is_in_time) {
      is_in_time = caller.decided.Wait(caller.mutex, deadline);
    }
    if (item->result.has_value()) return *item->result;
  }
  const MutexLock lock(mutex_);
  if (!item->is_taken) {
    item->is_abandoned = true;
    return DeadlineExceeded("the write waited too long for its turn");
  }
  const MutexLock own(caller.mutex);
  if (item->result.has_value()) return *item->result;
  return OutcomeUnknown("the deadline passed while the write was being committed");
}

void GroupCommitter::Run() {
  for (;;) {
    const std::optional<std::vector<ItemPointer>> taken = TakeBatch();
    if (!taken.has_value()) return;
    const std::vector<ItemPointer> batch = WithoutFollowers(*taken);
    if (batch.empty()) continue;
    metrics_.Observe(Metric::kCommitBatchSize, static_cast<double>(batch.size()));
    CommitBatch(batch, runtime_.Now() + kSplitTime);
  }
}

// Nothing: there is no more to come. Empty: all that waited had been given up.
std::optional<std::vector<GroupCommitter::ItemPointer>> GroupCommitter::TakeBatch() {
  std::vector<ItemPointer> abandoned;  // Goes after the lock.
  const MutexLock lock(mutex_);
  std::vector<ItemPointer> batch;
  for (;;) {
    std::unordered_set<RecordId> ids;
    while (!queue_.empty() && batch.size() < limits::kCommitBatchCountMax) {
      const ItemPointer& next = queue_.front();
      if (next->is_abandoned) {
        abandoned.push_back(std::move(queue_.front()));
      } else {
        if (!ids.insert(next->id).second) break;
        next->is_taken = true;
        batch.push_back(next);
      }
      queue_.pop_front();
    }
    if (!batch.empty() || !abandoned.empty()) break;
    if (is_stopping_) return std::nullopt;
    queued_.Wait(mutex_, Deadline::Never());
  }
  metrics_.Set(Metric::kCommitQueue, static_cast<double>(queue_.size()));
  return batch;
}

// Sets aside what must come after a blocked operation of its id; returns the rest.
std::vector<GroupCommitter::ItemPointer> GroupCommitter::WithoutFollowers(
    std::vector<ItemPointer> batch) {
  std::vector<ItemPointer> followers;
  std::vector<ItemPointer> rest;
  {
    const MutexLock lock(mutex_);
    if (blocked_.empty()) return batch;
    std::unordered_set<RecordId> ids;
    for (const ItemPointer& item : blocked_) ids.insert(item->id);
    for (ItemPointer& item : batch) {
      (ids.contains(item->id) ? followers : rest).push_back(std::move(item));
    }
  }
  if (!followers.empty()) SetAside(followers);
  return rest;
}

// Commits the operations in one transaction, and leaves them with their items.
std::vector<Result<WriteOutcome>> GroupCommitter::Try(std::span<const ItemPointer> items) {
  std::vector<WriteOp> operations;
  operations.reserve(items.size());
  for (const ItemPointer& item : items) operations.push_back(std::move(item->operation));
  std::vector<Result<WriteOutcome>> results = CommitSettled(runtime_,
                                                            store_,
                                                            operations,
                                                            CommitMode::kEachUnlessBlocked,
                                                            Deadline::In(kCommitTimeout, runtime_));
  for (std::size_t i = 0; i < items.size(); ++i) items[i]->operation = std::move(operations[i]);
  return results;
}

void GroupCommitter::CommitBatch(const std::vector<ItemPointer>& batch, SteadyTime split_until) {
  std::vector<Result<WriteOutcome>> results = Try(batch);
  std::vector<ItemPointer> decided;
  std::vector<Result<WriteOutcome>> outcomes;
  std::vector<ItemPointer> rest;  // May fare better in smaller company.
  bool is_blocked = false;
  for (std::size_t i = 0; i < batch.size(); ++i) {
    is_blocked = is_blocked || IsBlocked(results[i]);
    if (results[i].has_value() || ConcernsEveryone(results[i].error().code) ||
        (batch.size() == 1 && !is_blocked)) {
      decided.push_back(batch[i]);
      outcomes.push_back(std::move(results[i]));
    } else {
      rest.push_back(batch[i]);
    }
  }
  if (!decided.empty()) Decide(decided, std::move(outcomes));
  if (rest.empty()) return;
  if (rest.size() < batch.size()) return CommitBatch(rest, split_until);
  if (is_blocked && (batch.size() == 1 || runtime_.Now() >= split_until)) return SetAside(rest);
  const auto middle = rest.begin() + static_cast<std::ptrdiff_t>(rest.size() / 2);
  CommitBatch({rest.begin(), middle}, split_until);
  CommitBatch({middle, rest.end()}, split_until);
}

void GroupCommitter::SetAside(const std::vector<ItemPointer>& items) {
  if (retrier_ == nullptr) retrier_ = runtime_.Spawn("commit-blocked", [this] { RunBlocked(); });
  std::vector<ItemPointer> refused;
  {
    const MutexLock lock(mutex_);
    for (const ItemPointer& item : items) {
      if (blocked_.size() == kBlockedCountMax) {
        refused.push_back(item);
        continue;
      }
      item->is_taken = false;
      item->blocked_at = runtime_.Now();
      blocked_.push_back(item);
    }
  }
  set_aside_.NotifyOne();
  if (refused.empty()) return;
  Decide(refused, {refused.size(), Result<WriteOutcome>(StillBlocked())});
}

void GroupCommitter::RunBlocked() {
  for (;;) {
    const std::optional<std::vector<ItemPointer>> round = TakeBlocked();
    if (!round.has_value()) return;
    for (const ItemPointer& item : *round) TryBlocked(item);
    runtime_.Sleep(kRetryPause);
  }
}

// The first operation of each id. Nothing: there is no more to come.
std::optional<std::vector<GroupCommitter::ItemPointer>> GroupCommitter::TakeBlocked() {
  std::vector<ItemPointer> abandoned;  // Goes after the lock.
  const MutexLock lock(mutex_);
  for (;;) {
    for (const ItemPointer& item : blocked_) {
      if (item->is_abandoned) abandoned.push_back(item);
    }
    std::erase_if(blocked_, [](const ItemPointer& item) { return item->is_abandoned; });
    if (!blocked_.empty() || !abandoned.empty()) break;
    if (is_ending_) return std::nullopt;
    set_aside_.Wait(mutex_, Deadline::Never());
  }
  std::unordered_set<RecordId> ids;
  std::vector<ItemPointer> firsts;
  for (const ItemPointer& item : blocked_) {
    if (ids.insert(item->id).second) firsts.push_back(item);
  }
  return firsts;
}

void GroupCommitter::TryBlocked(const ItemPointer& item) {
  {
    const MutexLock lock(mutex_);
    if (item->is_abandoned) return;
    item->is_taken = true;
  }
  std::vector<Result<WriteOutcome>> results = Try({&item, 1});
  if (IsBlocked(results.front())) {
    const MutexLock lock(mutex_);
    const bool has_time = runtime_.Now() - item->blocked_at < kBlockedPatience &&
                          item->deadline.Remaining(runtime_) >= kTryTime;
    if (has_time && !is_ending_) {
      item->is_taken = false;
      return;
    }
    results.front() = StillBlocked();
  }
  {
    const MutexLock lock(mutex_);
    std::erase(blocked_, item);
  }
  Decide({item}, std::move(results));
}

void GroupCommitter::Decide(const std::vector<ItemPointer>& batch,
                            std::vector<Result<WriteOutcome>> results) {
  // Before the callers hear of it, and with no lock held: whoever still waits has its own share.
  for (const ItemPointer& item : batch) item->held.reset();
  for (std::size_t i = 0; i < batch.size();) {
    Caller& caller = *batch[i]->caller;
    {
      const MutexLock own(caller.mutex);
      for (; i < batch.size() && batch[i]->caller.get() == &caller; ++i) {
        batch[i]->result = std::move(results[i]);
      }
    }
    // Without the lock, which it takes first.
    caller.decided.NotifyOne();
  }
}

}  // namespace datastorage
