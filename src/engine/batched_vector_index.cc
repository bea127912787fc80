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
  bool was_put_back = false;
  bool goes_alone = false;
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
    const bool fits = batch.empty() || (!item->goes_alone && !own->goes_alone &&
                                        count + writes.size() <= kBatchWriteCountMax);
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
  if (results.has_value()) return Answer(batch, std::move(results));
  const bool is_own_fault = !ConcernsEveryone(results.error().code);
  PutBack(batch, is_own_fault);
  const std::vector<ItemPointer> own{batch.front()};
  if (is_own_fault) results = index_.Apply(own.front()->writes, deadline);
  Answer(own, std::move(results));
}

// All but the first one, whose caller made the call: it failed for the sake of one of them, or by
// the first one's deadline, or with its connection. Each goes once more, and then is answered.
void BatchedVectorIndex::PutBack(const std::vector<ItemPointer>& batch, bool go_alone) {
  {
    const MutexLock lock(mutex_);
    for (std::size_t i = 1; i < batch.size(); ++i) {
      batch[i]->goes_alone = go_alone || batch[i]->was_put_back;
      batch[i]->was_put_back = true;
      queue_.push_back(batch[i]);
    }
  }
  changed_.NotifyAll();
}

void BatchedVectorIndex::Answer(const std::vector<ItemPointer>& batch,
                                Result<std::vector<ApplyResult>> results) {
  const MutexLock lock(mutex_);
  if (!results.has_value()) {
    batch.front()->result = results.error();
    return;
  }
  auto next = results->begin();
  for (const ItemPointer& item : batch) {
    const auto end = next + static_cast<std::ptrdiff_t>(item->writes.size());
    item->result = std::vector<ApplyResult>(next, end);
    next = end;
  }
}

}  // namespace datastorage
