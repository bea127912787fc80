#include "engine/move_service.h"

#include <algorithm>
#include <string>

#include "base/log.h"

namespace datastorage {
namespace {

constexpr Duration kPause = std::chrono::seconds(1);
constexpr Duration kRoundTimeout = std::chrono::seconds(30);

}  // namespace

MoveService::MoveService(Runtime& runtime, RecordStore& store, VectorSets& sets)
    : runtime_(runtime),
      store_(store),
      sets_(sets),
      mover_(store, sets),
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
  std::erase_if(sets, [&](const VectorSet& set) {
    return set.state != VectorSetState::kFilling || set.space != sets_.Space();
  });
  return sets;
}

Result<MoveReport> MoveService::Begin(Deadline deadline) {
  if (sets_.Space().empty()) return Conflict("there are no vectors without an embedder");
  DS_RETURN_IF_ERROR(sets_.Refresh(deadline));
  const std::optional<VectorPlace> live = sets_.Live();
  const std::string& target = sets_.TargetEngine();
  if (live.has_value() && live->set.engine == target) {
    return Conflict("searches use engine " + target +
                    " already, and this service has no other to move to");
  }
  DS_ASSIGN_OR_RETURN(const std::vector<VectorSet> filling, FillingSets(deadline));
  for (const VectorSet& set : filling) {
    if (set.engine == target) return Report(deadline);
    return Conflict("vector set " + std::to_string(set.id) + " of engine " + set.engine +
                    " is being filled: cancel that first");
  }
  const Result<VectorSet> begun = mover_.Begin(target, deadline);
  // After a conflict another replica was asked at the same moment.
  if (!begun.has_value() && begun.error().code != ErrorCode::kConflict) return begun.error();
  if (begun.has_value()) {
    Log(LogLevel::kInfo,
        "a move of searches has begun",
        {{"set", begun->id}, {"engine", std::string_view(begun->engine)}});
  }
  wake_relay_();
  return Report(deadline);
}

Result<MoveReport> MoveService::Cancel(Deadline deadline) {
  DS_ASSIGN_OR_RETURN(const std::vector<VectorSet> filling, FillingSets(deadline));
  if (filling.empty()) return NotFound("no vector set is being filled");
  for (const VectorSet& set : filling) {
    DS_RETURN_IF_ERROR(store_.ChangeSetState(set.id, VectorSetState::kRetired, deadline));
    Log(LogLevel::kInfo, "a move of searches was cancelled", {{"set", set.id}});
  }
  DS_RETURN_IF_ERROR(sets_.Refresh(deadline));
  return Report(deadline);
}

Result<MoveReport> MoveService::Report(Deadline deadline) {
  DS_ASSIGN_OR_RETURN(const std::vector<VectorSet> active, ActiveSets(deadline));
  DS_ASSIGN_OR_RETURN(const std::vector<PendingTally> tallies, store_.TallyPending(deadline));
  const std::vector<VectorPlace> bound = sets_.Places();
  MoveReport report;
  for (const VectorSet& set : active) {
    MovePlace& place = report.places.emplace_back(MovePlace{set, false, std::nullopt, 0, 0});
    for (const VectorPlace& each : bound) {
      if (each.set.id != set.id || !each.is_marked) continue;
      place.is_in_use = true;
      place.point_count = each.index->Size();
    }
    for (const PendingTally& tally : tallies) {
      if (tally.set != set.id) continue;
      place.pending_count += tally.count;
      if (tally.is_parked) place.parked_count += tally.count;
    }
    if (set.state != VectorSetState::kFilling || set.space != sets_.Space()) continue;
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

Result<void> MoveService::RunOnce(Deadline deadline) {
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
    is_stopping_ = true;
  }
  changed_.NotifyAll();
  task_.reset();
}

void MoveService::Run() {
  for (;;) {
    {
      const MutexLock lock(mutex_);
      const Deadline pause = Deadline::In(kPause, runtime_);
      while (!is_stopping_ && changed_.Wait(mutex_, pause)) {
      }
      if (is_stopping_) return;
    }
    const Result<void> done = RunOnce(Deadline::In(kRoundTimeout, runtime_));
    if (done.has_value()) continue;
    Log(LogLevel::kWarning,
        "whether searches can move is not known",
        {{"code", NameOf(done.error().code)}});
  }
}

}  // namespace datastorage
