#include "engine/catch_up.h"

#include <algorithm>

#include "base/log.h"

namespace datastorage {
namespace {

constexpr Duration kRunTimeout = std::chrono::hours(1);
constexpr Duration kRetryPause = std::chrono::seconds(1);

}  // namespace

CatchUp::CatchUp(Runtime& runtime, RecordStore& store)
    : runtime_(runtime), reconciler_(runtime, store), mutex_(runtime), changed_(runtime) {}

CatchUp::~CatchUp() {
  Stop();
}

Result<void> CatchUp::Look(const VectorPlace& place, Deadline deadline) {
  {
    const MutexLock lock(mutex_);
    const auto known = is_done_.find(place.set.id);
    if (known != is_done_.end()) {
      if (known->second) return {};
      return Unavailable("the index is being compared with the record store");
    }
  }
  DS_ASSIGN_OR_RETURN(const LostStamps lost, reconciler_.RaiseStamps(place, deadline));
  if (lost.IsEmpty()) return {};
  const MutexLock lock(mutex_);
  if (is_stopping_.load()) return Unavailable("the service is stopping");
  if (is_done_.emplace(place.set.id, false).second) {
    tasks_.push_back(runtime_.Spawn("catch-up", [this, place, lost] { Mend(place, lost); }));
  }
  return Unavailable("the index is being compared with the record store");
}

void CatchUp::Mend(const VectorPlace& place, LostStamps lost) {
  ReconcileOptions options;
  options.lost = lost;
  options.is_stopping = &is_stopping_;
  for (;;) {
    const Result<ReconcileReport> report =
        reconciler_.Run(place, options, Deadline::In(kRunTimeout, runtime_));
    const MutexLock lock(mutex_);
    if (report.has_value()) {
      Log(LogLevel::kInfo,
          "an index that was ahead was compared with the record store",
          {{"set", place.set.id}, {"mended", report->mended_count}});
    } else if (!is_stopping_.load()) {
      Log(LogLevel::kWarning,
          "comparing an index that is ahead failed; trying again",
          {{"set", place.set.id}, {"code", NameOf(report.error().code)}});
      changed_.Wait(mutex_, Deadline::In(kRetryPause, runtime_));
      continue;
    }
    is_done_[place.set.id] = report.has_value();
    changed_.NotifyAll();
    return;
  }
}

bool CatchUp::AwaitDone(Deadline deadline) {
  const MutexLock lock(mutex_);
  while (!IsEachDone()) {
    if (!changed_.Wait(mutex_, deadline)) return IsEachDone();
  }
  return true;
}

bool CatchUp::IsEachDone() const {
  return std::all_of(
      is_done_.begin(), is_done_.end(), [](const auto& each) { return each.second; });
}

void CatchUp::Stop() {
  std::vector<std::unique_ptr<Task>> tasks;
  {
    const MutexLock lock(mutex_);
    is_stopping_.store(true);
    tasks.swap(tasks_);
  }
  changed_.NotifyAll();
  tasks.clear();  // Joins them.
}

}  // namespace datastorage
