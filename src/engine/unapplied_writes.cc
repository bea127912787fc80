#include "engine/unapplied_writes.h"

#include "engine/mutant.h"

namespace datastorage {

std::vector<RecordId> UnappliedWrites::Ids() {
  const MutexLock lock(mutex_);
  std::vector<RecordId> ids;
  ids.reserve(counts_.size());
  for (const auto& [id, count] : counts_) ids.push_back(id);
  return ids;
}

std::shared_ptr<UnappliedWrites::Entry> UnappliedWrites::Enter(std::vector<RecordId> ids) {
  if (DS_MUTANT(kNeverEnters)) ids.clear();
  const MutexLock lock(mutex_);
  for (const RecordId& id : ids) ++counts_[id];
  return std::make_shared<Entry>(*this, std::move(ids));
}

std::shared_ptr<UnappliedWrites::Entry> UnappliedWrites::TakeLeftOver(std::size_t count_max) {
  const MutexLock lock(mutex_);
  std::vector<RecordId> ids;
  while (!left_over_.empty() && ids.size() < count_max) {
    ids.push_back(*left_over_.begin());
    left_over_.erase(left_over_.begin());  // Its count goes over to the new entry.
  }
  return std::make_shared<Entry>(*this, std::move(ids));
}

void UnappliedWrites::Leave(const std::vector<RecordId>& ids, bool is_finished) {
  {
    const MutexLock lock(mutex_);
    for (const RecordId& id : ids) {
      if (!is_finished && left_over_.insert(id).second) continue;
      const auto found = counts_.find(id);
      if (--found->second == 0) counts_.erase(found);
    }
  }
  if (!is_finished && !ids.empty()) wake_();
}

}  // namespace datastorage
