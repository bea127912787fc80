#include "engine/move_service.h"

#include <algorithm>
#include <string>

#include "base/log.h"

namespace datastorage {
namespace {

constexpr Duration kPause = std::chrono::seconds(1);
constexpr Duration kRoundTimeout = std::chrono::seconds(30);
constexpr Duration kReadTimeout = std::chrono::seconds(10);
constexpr Duration kCancelTimeout = std::chrono::minutes(1);  // Its rows are deleted.
constexpr int kCancelTries = 3;

bool IsOnItsWay(const VectorSet& set) {
  return set.state == VectorSetState::kFilling || set.state == VectorSetState::kPreparing;
}

}  // namespace

MoveService::MoveService(Runtime& runtime, RecordStore& store, VectorSets& sets)
    : runtime_(runtime),
      store_(store),
      sets_(sets),
      mover_(runtime, store, sets, &is_stopping_),
      mutex_(runtime),
      changed_(runtime) {}

MoveService::~MoveService() {
  Stop();
}

Result<std::vector<VectorSet>> MoveService::ActiveSets(Deadline deadline) {
  DS_ASSIGN_OR_RETURN(std::vector<VectorSet> sets, store_.Sets(deadline));
  std::erase_if(sets, [](const VectorSet& set) { return set.state == VectorSetState::kRetired; });
  return sets;
}

Result<std::vector<VectorSet>> MoveService::FillingSets(Deadline deadline) {
  DS_ASSIGN_OR_RETURN(std::vector<VectorSet> sets, ActiveSets(deadline));
  std::erase_if(
      sets, [&](const VectorSet& set) { return !IsOnItsWay(set) || set.space != sets_.Space(); });
  return sets;
}

// A service that does not know, or has forgotten, where searches are would move them back.
Result<void> MoveService::CheckLeaves(Deadline deadline) {
  const std::string& target = sets_.TargetEngine();
  DS_ASSIGN_OR_RETURN(const std::vector<VectorSet> active, ActiveSets(deadline));
  for (const VectorSet& set : active) {
    if (set.state != VectorSetState::kLive) continue;
    if (set.space != sets_.Space() || sets_.Find(set.engine) == nullptr) {
      return Conflict("searches use vector set " + std::to_string(set.id) + " of engine " +
                      set.engine + ", which this service does not have: restart it with " +
                      "--vectors-from naming that place");
    }
    if (set.engine == target) {
      return Conflict("searches use engine " + target +
                      " already, and this service has no other to move to");
    }
    if (has_served_target_.load()) {
      return Conflict("searches have moved from engine " + target + " to " + set.engine +
                      " since this service started: restart it, so that --vectors names where "
                      "they are to be");
    }
  }
  return {};
}

// The move to the target that is under way already; none: it is to begin, or to be gone on with.
Result<std::optional<MoveReport>> MoveService::FindBegun(Deadline deadline) {
  DS_ASSIGN_OR_RETURN(const std::vector<VectorSet> filling, FillingSets(deadline));
  for (const VectorSet& set : filling) {
    if (set.engine != sets_.TargetEngine()) {
      return Conflict("vector set " + std::to_string(set.id) + " of engine " + set.engine +
                      " is being filled: cancel that first");
    }
    if (set.state == VectorSetState::kPreparing) continue;
    DS_ASSIGN_OR_RETURN(MoveReport report, Report(deadline));
    for (const MovePlace& place : report.places) {
      if (!place.foreign_mark.has_value()) continue;
      return InvalidArgument("the index of engine " + set.engine + " holds the vectors of set " +
                             std::to_string(*place.foreign_mark) +
                             ": cancel the move, and name an empty one");
    }
    return std::optional<MoveReport>(std::move(report));
  }
  return std::optional<MoveReport>();
}

Result<MoveReport> MoveService::Begin(Deadline deadline) {
  if (sets_.Space().empty()) return Conflict("there are no vectors without an embedder");
  const Deadline reading = deadline.Within(kReadTimeout, runtime_);
  DS_RETURN_IF_ERROR(sets_.Refresh(reading));
  NoteLive();
  DS_RETURN_IF_ERROR(CheckLeaves(reading));
  DS_ASSIGN_OR_RETURN(std::optional<MoveReport> known, FindBegun(reading));
  if (known.has_value()) return *std::move(known);
  is_beginning_.store(true);
  const Result<VectorSet> begun = mover_.Begin(sets_.TargetEngine(), deadline);
  is_beginning_.store(false);
  // After a conflict another replica was asked at the same moment, or it was cancelled.
  if (!begun.has_value() && begun.error().code != ErrorCode::kConflict) return begun.error();
  if (begun.has_value()) {
    Log(LogLevel::kInfo,
        "a move of searches has begun",
        {{"set", begun->id}, {"engine", std::string_view(begun->engine)}});
  }
  wake_relay_();
  return Report(deadline.Within(kReadTimeout, runtime_));
}

Result<MoveReport> MoveService::Cancel(Deadline deadline) {
  const Deadline limit = deadline.Within(kCancelTimeout, runtime_);
  bool is_done = false;
  for (int i = 0; i < kCancelTries && !is_done; ++i) {
    DS_ASSIGN_OR_RETURN(is_done, TryCancel(limit));
  }
  if (!is_done) return Unavailable("the vector sets change all the while");
  DS_RETURN_IF_ERROR(sets_.Refresh(limit));
  return Report(limit);
}

// False when a set has changed meanwhile, and is still on its way.
Result<bool> MoveService::TryCancel(Deadline deadline) {
  DS_ASSIGN_OR_RETURN(const std::vector<VectorSet> filling, FillingSets(deadline));
  if (filling.empty()) return NotFound("no vector set is being filled");
  for (const VectorSet& set : filling) {
    const Result<void> changed =
        store_.ChangeSetState(set.id, set.state, VectorSetState::kRetired, deadline);
    if (changed.has_value()) {
      Log(LogLevel::kInfo, "a move of searches was cancelled", {{"set", set.id}});
      continue;
    }
    if (changed.error().code != ErrorCode::kConflict) return changed.error();
    DS_ASSIGN_OR_RETURN(const std::vector<VectorSet> now, ActiveSets(deadline));
    for (const VectorSet& each : now) {
      if (each.id != set.id || each.state != VectorSetState::kLive) continue;
      return Conflict("searches have just moved to vector set " + std::to_string(set.id) +
                      ": nothing was given up");
    }
    return false;
  }
  return true;
}

Result<MoveReport> MoveService::Report(Deadline deadline) {
  DS_ASSIGN_OR_RETURN(const std::vector<VectorSet> active, ActiveSets(deadline));
  DS_ASSIGN_OR_RETURN(const std::vector<PendingTally> tallies, store_.TallyPending(deadline));
  const std::vector<VectorPlace> bound = sets_.Places();
  MoveReport report;
  report.target = sets_.TargetEngine();
  for (const VectorSet& set : active) {
    MovePlace& place = report.places.emplace_back();
    place.set = set;
    for (const VectorPlace& each : bound) {
      if (each.set.id != set.id) continue;
      place.foreign_mark = each.foreign_mark;
      if (!each.is_marked) continue;
      place.is_in_use = true;
      place.point_count = each.index->Size();
    }
    for (const PendingTally& tally : tallies) {
      if (tally.set != set.id) continue;
      place.pending_count += tally.count;
      if (tally.is_parked) place.parked_count += tally.count;
    }
    if (!IsOnItsWay(set) || set.space != sets_.Space()) continue;
    report.is_moving = true;
    report.left_count += SetMover::LeftCount(set.id, tallies);
  }
  return report;
}

Result<std::int64_t> MoveService::Release(std::optional<VectorSetId> wanted, Deadline deadline) {
  DS_ASSIGN_OR_RETURN(const std::vector<VectorSet> active, ActiveSets(deadline));
  std::int64_t count = 0;
  bool is_found = !wanted.has_value();
  for (const VectorSet& set : active) {
    if (wanted.has_value() && *wanted != set.id) continue;
    is_found = true;
    DS_ASSIGN_OR_RETURN(const std::int64_t released,
                        store_.Release(set.id, runtime_.WallNow(), deadline));
    count += released;
  }
  if (!is_found) return NotFound("there is no such vector set, or it is retired");
  if (count > 0) wake_relay_();
  return count;
}

void MoveService::NoteLive() {
  const std::optional<VectorPlace> live = sets_.Live();
  if (live.has_value() && live->set.engine == sets_.TargetEngine()) has_served_target_.store(true);
}

// Of a beginning whose service was killed or stopped: every write leaves a row in its set, and
// nobody else would do anything about it.
Result<void> MoveService::FinishBeginning(Deadline deadline) {
  const std::optional<VectorPlace> live = sets_.Live();
  const std::string& target = sets_.TargetEngine();
  if (!live.has_value() || live->set.engine == target || is_beginning_.load()) return {};
  DS_ASSIGN_OR_RETURN(const std::vector<VectorSet> sets, FillingSets(deadline));
  for (const VectorSet& set : sets) {
    if (set.state != VectorSetState::kPreparing || set.engine != target) continue;
    const Result<bool> is_done = mover_.GoOn(set.id, deadline);
    const bool was_given_up = !is_done.has_value() && is_done.error().code == ErrorCode::kConflict;
    if (!is_done.has_value() && !was_given_up) return is_done.error();
    if (was_given_up || !*is_done) continue;
    Log(LogLevel::kInfo,
        "a move of searches whose beginning was cut short goes on",
        {{"set", set.id}, {"engine", std::string_view(target)}});
    DS_RETURN_IF_ERROR(sets_.Refresh(deadline));
    wake_relay_();
  }
  return {};
}

Result<void> MoveService::RunOnce(Deadline deadline) {
  NoteLive();
  DS_RETURN_IF_ERROR(FinishBeginning(deadline));
  for (const VectorPlace& place : sets_.Places()) {
    const bool is_ours = place.set.engine == sets_.TargetEngine() && place.is_marked;
    // Searches go nowhere that does not answer.
    if (place.set.state != VectorSetState::kFilling || !is_ours || place.IsSpared()) continue;
    DS_ASSIGN_OR_RETURN(const bool is_done, mover_.TryFinish(place.set.id, deadline));
    if (!is_done) continue;
    Log(LogLevel::kInfo,
        "searches have moved",
        {{"set", place.set.id}, {"engine", std::string_view(place.set.engine)}});
  }
  return {};
}

void MoveService::Start() {
  task_ = runtime_.Spawn("move", [this] { Run(); });
}

void MoveService::Stop() {
  {
    const MutexLock lock(mutex_);
    is_stopping_.store(true);
  }
  changed_.NotifyAll();
  task_.reset();
}

void MoveService::Run() {
  for (;;) {
    {
      const MutexLock lock(mutex_);
      const Deadline pause = Deadline::In(kPause, runtime_);
      while (!is_stopping_.load() && changed_.Wait(mutex_, pause)) {
      }
      if (is_stopping_.load()) return;
    }
    const Result<void> done = RunOnce(Deadline::In(kRoundTimeout, runtime_));
    if (done.has_value()) continue;
    Log(LogLevel::kWarning,
        "whether searches can move is not known",
        {{"code", NameOf(done.error().code)}});
  }
}

}  // namespace datastorage
