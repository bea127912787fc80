#include "engine/vector_sets.h"

#include <algorithm>

#include "base/limits.h"
#include "base/log.h"

namespace datastorage {
namespace {

constexpr Duration kPageTimeout = std::chrono::seconds(30);
constexpr Duration kRetryPause = std::chrono::seconds(1);

}  // namespace

VectorSets::VectorSets(
    Runtime& runtime, RecordStore& store, VectorIndex& index, std::string engine, std::string space)
    : runtime_(runtime),
      store_(store),
      index_(index),
      engine_(std::move(engine)),
      space_(std::move(space)),
      unapplied_(runtime),
      mutex_(runtime),
      changed_(runtime) {}

Result<void> VectorSets::Open(Deadline deadline) {
  if (space_.empty()) return {};
  DS_ASSIGN_OR_RETURN(const std::vector<VectorSet> sets, store_.Sets(deadline));
  const auto ours = std::find_if(sets.begin(), sets.end(), [&](const VectorSet& set) {
    return set.state == VectorSetState::kLive && set.space == space_ && set.engine == engine_;
  });
  if (ours != sets.end()) {
    live_ = *ours;
    return {};
  }
  const VectorSet wanted{0, engine_, space_, "", VectorSetState::kLive};
  DS_ASSIGN_OR_RETURN(live_, store_.RegisterSet(wanted, deadline));
  Log(LogLevel::kInfo,
      "vector set registered",
      {{"set", live_->id},
       {"engine", std::string_view(engine_)},
       {"space", std::string_view(space_)}});
  return {};
}

void VectorSets::StartFilling() {
  if (space_.empty()) {
    is_filled_.store(true, std::memory_order_release);
    return;
  }
  filling_ = runtime_.Spawn("fill-index", [this] { Fill(); });
}

bool VectorSets::AwaitFilled(Deadline deadline) {
  const MutexLock lock(mutex_);
  while (!IsFilled()) {
    if (is_stopping_ || !changed_.Wait(mutex_, deadline)) return IsFilled();
  }
  return true;
}

void VectorSets::Stop() {
  {
    const MutexLock lock(mutex_);
    is_stopping_ = true;
  }
  changed_.NotifyAll();
  filling_.reset();
}

void VectorSets::Fill() {
  std::optional<RecordId> after = RecordId{};
  while (after.has_value()) {
    Result<std::optional<RecordId>> next = FillPage(*after);
    const MutexLock lock(mutex_);
    if (is_stopping_) return;
    if (next.has_value()) {
      after = *next;
      continue;
    }
    Log(LogLevel::kWarning,
        "filling the index failed; trying again",
        {{"code", NameOf(next.error().code)}});
    changed_.Wait(mutex_, Deadline::In(kRetryPause, runtime_));
  }
  const MutexLock lock(mutex_);
  is_filled_.store(true, std::memory_order_release);
  changed_.NotifyAll();
  Log(LogLevel::kInfo, "index filled", {{"points", index_.Size()}});
}

// Returns where the next page begins; nothing after the last one.
Result<std::optional<RecordId>> VectorSets::FillPage(RecordId after) {
  const Deadline deadline = Deadline::In(kPageTimeout, runtime_);
  const int limit = static_cast<int>(limits::kScanPageCountMax);
  DS_ASSIGN_OR_RETURN(std::vector<StoredEmbedding> page,
                      store_.ScanEmbeddings(space_, after, limit, deadline));
  if (page.empty()) return std::optional<RecordId>();
  std::vector<VectorWrite> writes;
  writes.reserve(page.size());
  for (StoredEmbedding& stored : page) {
    writes.push_back({stored.id, stored.stamp, stored.vector, std::move(stored.members)});
  }
  DS_RETURN_IF_ERROR(index_.Apply(writes, deadline));
  return std::optional<RecordId>(page.back().id);
}

}  // namespace datastorage
