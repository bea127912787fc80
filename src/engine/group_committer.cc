#include "engine/group_committer.h"

#include <algorithm>
#include <unordered_set>

#include "base/limits.h"
#include "engine/mutant.h"
#include "engine/settled_commit.h"

namespace datastorage {
namespace {

constexpr Duration kCommitTimeout = std::chrono::seconds(10);

// The id whose order matters; several operations of one id go into different transactions.
RecordId IdOf(const WriteOp& operation) {
  return std::visit([](const auto& op) { return op.id; }, operation);
}

// Failures that say something about the store as a whole, so that smaller batches fare no better.
bool ConcernsEveryone(ErrorCode code) {
  return code == ErrorCode::kUnavailable || code == ErrorCode::kDeadlineExceeded ||
         code == ErrorCode::kOutcomeUnknown;
}

}  // namespace

// The operation outlives a caller that gave up, since its transaction may still read it.
struct GroupCommitter::Item {
  WriteOp operation;
  // Of its call alone: whoever still waits for a later batch sleeps on.
  std::shared_ptr<WaitQueue> decided;
  std::shared_ptr<void> held;
  bool is_taken = false;
  bool is_abandoned = false;
  std::optional<Result<WriteOutcome>> result;
};

GroupCommitter::GroupCommitter(Runtime& runtime, RecordStore& store, Metrics& metrics)
    : runtime_(runtime), store_(store), metrics_(metrics), mutex_(runtime), queued_(runtime) {
  committer_ = runtime_.Spawn("commit", [this] { Run(); });
}

GroupCommitter::~GroupCommitter() {
  {
    const MutexLock lock(mutex_);
    is_stopping_ = true;
  }
  queued_.NotifyAll();
  committer_.reset();
}

std::vector<Result<WriteOutcome>> GroupCommitter::CommitEach(std::vector<WriteOp> operations,
                                                             const std::shared_ptr<void>& held,
                                                             Deadline deadline) {
  std::vector<ItemPointer> items;
  std::vector<Result<WriteOutcome>> results;
  results.reserve(operations.size());
  const auto decided = std::make_shared<WaitQueue>(runtime_);
  {
    const MutexLock lock(mutex_);
    if (is_stopping_ || queue_.size() + operations.size() > limits::kCommitQueueCountMax) {
      results.assign(operations.size(),
                     Result<WriteOutcome>(ResourceExhausted("too many writes are waiting")));
      return results;
    }
    for (WriteOp& operation : operations) {
      items.push_back(std::make_shared<Item>());
      items.back()->operation = std::move(operation);
      items.back()->decided = decided;
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
  const MutexLock lock(mutex_);
  while (!item->result.has_value()) {
    if (item->decided->Wait(mutex_, deadline) || item->result.has_value()) continue;
    if (item->is_taken) {
      return OutcomeUnknown("the deadline passed while the write was being committed");
    }
    item->is_abandoned = true;
    return DeadlineExceeded("the write waited too long for its turn");
  }
  return *item->result;
}

void GroupCommitter::Run() {
  for (;;) {
    const std::optional<std::vector<ItemPointer>> taken = TakeBatch();
    if (!taken.has_value()) return;
    const std::vector<ItemPointer>& batch = *taken;
    if (batch.empty()) continue;
    metrics_.Observe(Metric::kCommitBatchSize, static_cast<double>(batch.size()));
    CommitBatch(batch);
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
        if (!ids.insert(IdOf(next->operation)).second) break;
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

void GroupCommitter::CommitBatch(const std::vector<ItemPointer>& batch) {
  std::vector<WriteOp> operations;
  operations.reserve(batch.size());
  // Moved, not copied: a failed batch moves them back before it is split.
  for (const ItemPointer& item : batch) operations.push_back(std::move(item->operation));
  std::vector<Result<WriteOutcome>> results = CommitSettled(runtime_,
                                                            store_,
                                                            operations,
                                                            CommitMode::kEachForItself,
                                                            Deadline::In(kCommitTimeout, runtime_));
  const bool is_splittable =
      batch.size() > 1 && std::all_of(results.begin(), results.end(), [](const auto& result) {
        return !result.has_value() && !ConcernsEveryone(result.error().code);
      });
  if (!is_splittable) {
    Decide(batch, std::move(results));
    return;
  }
  for (std::size_t i = 0; i < batch.size(); ++i) batch[i]->operation = std::move(operations[i]);
  const auto middle = batch.begin() + static_cast<std::ptrdiff_t>(batch.size() / 2);
  CommitBatch({batch.begin(), middle});
  CommitBatch({middle, batch.end()});
}

void GroupCommitter::Decide(const std::vector<ItemPointer>& batch,
                            std::vector<Result<WriteOutcome>> results) {
  // Before the callers hear of it, and with no lock held: whoever still waits has its own share.
  for (const ItemPointer& item : batch) item->held.reset();
  {
    const MutexLock lock(mutex_);
    for (std::size_t i = 0; i < batch.size(); ++i) batch[i]->result = std::move(results[i]);
  }
  // Without the lock, which each of them takes first.
  const WaitQueue* last = nullptr;
  for (const ItemPointer& item : batch) {
    if (item->decided.get() != last) item->decided->NotifyAll();
    last = item->decided.get();
  }
}

}  // namespace datastorage
