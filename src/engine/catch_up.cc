#include "engine/catch_up.h"

#include <algorithm>
#include <string>

#include "base/log.h"

namespace datastorage {
namespace {

constexpr Duration kRunTimeout = std::chrono::hours(1);
constexpr Duration kRetryPause = std::chrono::seconds(1);

}  // namespace

CatchUp::CatchUp(Runtime& runtime, RecordStore& store)
    : runtime_(runtime),
      store_(store),
      reconciler_(runtime, store),
      mutex_(runtime),
      changed_(runtime) {}

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
  ReconcileOptions options;
  options.is_stopping = &is_stopping_;
  DS_ASSIGN_OR_RETURN(options.lost, reconciler_.RaiseStamps(place, deadline));
  if (options.lost.IsEmpty()) {
    DS_ASSIGN_OR_RETURN(const bool has_lost_all, HasLostAll(place, deadline));
    if (!has_lost_all) return {};
    DS_ASSIGN_OR_RETURN(options.keeps_rows, IsBeingFilled(place, deadline));
    Log(LogLevel::kError,
        "a vector index that was in use before holds nothing: it is filled again",
        {{"set", place.set.id}, {"engine", std::string_view(place.set.engine)}});
  }
  const MutexLock lock(mutex_);
  if (is_stopping_.load()) return Unavailable("the service is stopping");
  if (is_done_.emplace(place.set.id, false).second) {
    tasks_.push_back(runtime_.Spawn("catch-up", [this, place, options] { Mend(place, options); }));
  }
  return Unavailable("the index is being compared with the record store");
}

// A note says that the set's index was in use before. A lost note costs that one reconcile.
Result<bool> CatchUp::HasLostAll(const VectorPlace& place, Deadline deadline) {
  const std::string name = "index of set " + std::to_string(place.set.id);
  DS_ASSIGN_OR_RETURN(const std::string note, store_.Note(name, deadline));
  if (note.empty()) {
    DS_RETURN_IF_ERROR(store_.KeepNote(name, "used", deadline));
    return false;
  }
  DS_ASSIGN_OR_RETURN(const Stamp held, place.index->HighestStamp(deadline));
  if (held != 0) return false;
  // Where nothing was ever written, nothing was lost.
  DS_ASSIGN_OR_RETURN(const Stamp issued, store_.RaiseStamps(0, deadline));
  return issued != 0;
}

// Rows of what was there before the set would all be given new stamps by a reconcile.
Result<bool> CatchUp::IsBeingFilled(const VectorPlace& place, Deadline deadline) {
  DS_ASSIGN_OR_RETURN(const std::vector<PendingTally> tallies, store_.TallyPending(deadline));
  return std::any_of(tallies.begin(), tallies.end(), [&](const PendingTally& tally) {
    return tally.set == place.set.id && tally.reason == PendingReason::kBackfill;
  });
}

void CatchUp::Mend(const VectorPlace& place, ReconcileOptions options) {
  for (;;) {
    const Result<ReconcileReport> report =
        reconciler_.Run(place, options, Deadline::In(kRunTimeout, runtime_));
    const MutexLock lock(mutex_);
    if (report.has_value()) {
      Log(LogLevel::kInfo,
          "an index that was ahead, or empty, was compared with the record store",
          {{"set", place.set.id}, {"mended", report->mended_count}});
    } else if (!is_stopping_.load()) {
      Log(LogLevel::kWarning,
          "comparing an index with the record store failed; trying again",
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
