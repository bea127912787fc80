#include "engine/unapplied_writes.h"

namespace datastorage {

std::vector<RecordId> UnappliedWrites::Ids() {
  const MutexLock lock(mutex_);
  std::vector<RecordId> ids;
  ids.reserve(counts_.size());
  for (const auto& [id, count] : counts_) ids.push_back(id);
  return ids;
}

UnappliedWrites::Scope::Scope(UnappliedWrites& writes, std::vector<RecordId> ids)
    : writes_(writes), ids_(std::move(ids)) {
  const MutexLock lock(writes_.mutex_);
  for (const RecordId& id : ids_) ++writes_.counts_[id];
}

UnappliedWrites::Scope::~Scope() {
  const MutexLock lock(writes_.mutex_);
  for (const RecordId& id : ids_) {
    const auto found = writes_.counts_.find(id);
    if (--found->second == 0) writes_.counts_.erase(found);
  }
}

}  // namespace datastorage
