#include "engine/batched_vector_index.h"

#include <algorithm>
#include <unordered_set>

namespace datastorage {
namespace {

// While one call waits for the server's disk, the next one can be worked on.
constexpr int kCallCountMax = 2;
constexpr std::size_t kBatchWriteCountMax = 128;
// A caller with so many writes gains nothing from company.
constexpr std::size_t kAloneWriteCount = 32;

// Failures that say nothing about single writes.
bool ConcernsEveryone(ErrorCode code) {
  return code == ErrorCode::kUnavailable || code == ErrorCode::kDeadlineExceeded ||
         code == ErrorCode::kResourceExhausted;
}

}  // namespace

// It outlives a caller that gave up, since a call may still read its writes.
struct BatchedVectorIndex::Item {
  std::vector<VectorWrite> writes;
  Deadline deadline = Deadline::Never();
  std::optional<Result<std::vector<ApplyResult>>> result;
};

Result<std::vector<ApplyResult>> BatchedVectorIndex::Apply(std::span<const VectorWrite> writes,
                                                           Deadline deadline) {
  if (writes.size() >= kAloneWriteCount) return index_.Apply(writes, deadline);
  const auto own = std::make_shared<Item>();
  own->writes.assign(writes.begin(), writes.end());
  own->deadline = deadline;
  {
    const MutexLock lock(mutex_);
    queue_.push_back(own);
  }
  for (;;) {
    std::vector<ItemPointer> batch;
    {
      const MutexLock lock(mutex_);
      if (!AwaitTurn(own)) return *own->result;
      batch = TakeBatch(own);
      ++call_count_;
    }
    ApplyBatch(batch, deadline);
    {
      const MutexLock lock(mutex_);
      --call_count_;
    }
    changed_.NotifyAll();
  }
}

// False once there is a result; true when it is for the caller to make the next call.
bool BatchedVectorIndex::AwaitTurn(const ItemPointer& own) {
  while (!own->result.has_value()) {
    const bool is_queued = std::find(queue_.begin(), queue_.end(), own) != queue_.end();
    if (is_queued && call_count_ < kCallCountMax) return true;
    if (changed_.Wait(mutex_, own->deadline) || own->result.has_value()) continue;
    std::erase(queue_, own);
    own->result = DeadlineExceeded("the vectors waited too long for their turn");
  }
  return false;
}

// `own` first: whoever makes the call must be answered by it. No id twice in one call.
std::vector<BatchedVectorIndex::ItemPointer> BatchedVectorIndex::TakeBatch(const ItemPointer& own) {
  std::vector<ItemPointer> batch;
  std::unordered_set<RecordId> ids;
  std::size_t count = 0;
  const auto take = [&](const ItemPointer& item) {
    const auto& writes = item->writes;
    const bool fits = count + writes.size() <= kBatchWriteCountMax;
    if (!fits || std::any_of(writes.begin(), writes.end(), [&](const VectorWrite& write) {
          return ids.contains(write.id);
        })) {
      return false;
    }
    for (const VectorWrite& write : writes) ids.insert(write.id);
    count += writes.size();
    batch.push_back(item);
    return true;
  };
  take(own);
  std::erase_if(queue_, [&](const ItemPointer& item) { return item == own || take(item); });
  return batch;
}

void BatchedVectorIndex::ApplyBatch(const std::vector<ItemPointer>& batch, Deadline deadline) {
  if (batch.size() == 1) return Answer(batch, index_.Apply(batch.front()->writes, deadline));
  std::vector<VectorWrite> writes;
  for (const ItemPointer& item : batch) {
    writes.insert(writes.end(), item->writes.begin(), item->writes.end());
  }
  Result<std::vector<ApplyResult>> results = index_.Apply(writes, deadline);
  if (results.has_value() || ConcernsEveryone(results.error().code)) {
    return Answer(batch, std::move(results));
  }
  for (const ItemPointer& item : batch) Answer({item}, index_.Apply(item->writes, deadline));
}

void BatchedVectorIndex::Answer(const std::vector<ItemPointer>& batch,
                                Result<std::vector<ApplyResult>> results) {
  const MutexLock lock(mutex_);
  if (results.has_value()) {
    auto next = results->begin();
    for (const ItemPointer& item : batch) {
      const auto end = next + static_cast<std::ptrdiff_t>(item->writes.size());
      item->result = std::vector<ApplyResult>(next, end);
      next = end;
    }
    return;
  }
  for (const ItemPointer& item : batch) {
    // The deadline was that of the first one; who has time left goes with another call.
    const bool is_others_deadline = results.error().code == ErrorCode::kDeadlineExceeded &&
                                    item != batch.front() && !item->deadline.HasPassed(runtime_);
    if (is_others_deadline) {
      queue_.push_back(item);
    } else {
      item->result = results.error();
    }
  }
}

}  // namespace datastorage
