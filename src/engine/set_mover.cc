#include "engine/set_mover.h"

namespace datastorage {
namespace {

// A step of a beginning that may take long: after each it is seen whether we are stopping.
constexpr Duration kStep = std::chrono::seconds(4);

Error Stopping() {
  return Unavailable("the service is stopping: what was begun goes on with its next start");
}

// Of a write that was answered without its vector, or is under way: the set that searches use lacks
// it as well, or the next round of the relay brings it. Such rows come for as long as writes do.
bool IsOfNow(PendingReason reason) {
  return reason == PendingReason::kNotYet || reason == PendingReason::kEmbedderBusy ||
         reason == PendingReason::kVectorStoreBusy;
}

}  // namespace

Result<VectorSet> SetMover::Begin(const std::string& engine, Deadline deadline) {
  const VectorEngine* found = sets_.Find(engine);
  if (found == nullptr) return NotFound("no vector engine of this name is at hand");
  VectorSet wanted;
  wanted.engine = engine;
  wanted.space = sets_.Space();
  wanted.pending_rule = RulesOf(found->index->Capabilities().placement).pending_rule;
  DS_ASSIGN_OR_RETURN(VectorSet set, Register(wanted, deadline));
  DS_RETURN_IF_ERROR(CheckMark(*found, set, deadline));
  DS_RETURN_IF_ERROR(sets_.Refresh(deadline));
  return set;
}

// A store that keeps what it has done goes on there with the next step; another one is given more
// time from step to step.
Result<VectorSet> SetMover::Register(const VectorSet& wanted, Deadline deadline) {
  for (Duration step = kStep;; step *= 2) {
    if (IsStopping()) return Stopping();
    Result<VectorSet> set = store_.RegisterSet(wanted, deadline.Within(step, runtime_));
    if (set.has_value() || set.error().code != ErrorCode::kDeadlineExceeded) return set;
    if (deadline.HasPassed(runtime_)) return set;
    DS_ASSIGN_OR_RETURN(std::vector<VectorSet> sets, store_.Sets(deadline.Within(kStep, runtime_)));
    for (VectorSet& each : sets) {
      const bool is_wanted = each.engine == wanted.engine && each.space == wanted.space;
      if (each.state != VectorSetState::kPreparing || !is_wanted) continue;
      // By its number from here on: if it is given up meanwhile, it stays so.
      return Finish(std::move(each), deadline);
    }
  }
}

Result<VectorSet> SetMover::Finish(VectorSet prepared, Deadline deadline) {
  for (;;) {
    if (IsStopping()) return Stopping();
    DS_ASSIGN_OR_RETURN(const bool is_done, GoOn(prepared.id, deadline));
    if (is_done) break;
    if (deadline.HasPassed(runtime_)) return DeadlineExceeded("the set is being prepared still");
  }
  prepared.state = VectorSetState::kFilling;
  return prepared;
}

Result<bool> SetMover::GoOn(VectorSetId set, Deadline deadline) {
  const Result<void> changed = store_.ChangeSetState(
      set, VectorSetState::kPreparing, VectorSetState::kFilling, deadline.Within(kStep, runtime_));
  if (changed.has_value()) return true;
  if (changed.error().code == ErrorCode::kDeadlineExceeded) return false;
  return changed.error();
}

// An index that cannot be reached is asked again by the relay; one of another set never will do.
Result<void> SetMover::CheckMark(const VectorEngine& engine,
                                 const VectorSet& set,
                                 Deadline deadline) {
  const Result<VectorSetId> mark = engine.index->Claim(set.id, deadline.Within(kStep, runtime_));
  if (!mark.has_value() || *mark == set.id) return {};
  DS_RETURN_IF_ERROR(
      store_.ChangeSetState(set.id, VectorSetState::kFilling, VectorSetState::kRetired, deadline));
  return InvalidArgument("the index of engine " + set.engine + " holds the vectors of set " +
                         std::to_string(*mark) + ": it must be empty");
}

std::int64_t SetMover::LeftCount(VectorSetId set, const std::vector<PendingTally>& tallies) {
  std::int64_t count = 0;
  for (const PendingTally& tally : tallies) {
    if (tally.set == set && (tally.is_parked || !IsOfNow(tally.reason))) count += tally.count;
  }
  return count;
}

// What is pending is found all the same, so going live early would cost time and not truth.
Result<bool> SetMover::TryFinish(VectorSetId set, Deadline deadline) {
  DS_ASSIGN_OR_RETURN(const std::vector<PendingTally> tallies, store_.TallyPending(deadline));
  if (LeftCount(set, tallies) > 0) return false;
  const Result<void> changed =
      store_.ChangeSetState(set, VectorSetState::kFilling, VectorSetState::kLive, deadline);
  const bool was_given_up = !changed.has_value() && changed.error().code == ErrorCode::kConflict;
  if (!changed.has_value() && !was_given_up) return changed.error();
  DS_RETURN_IF_ERROR(sets_.Refresh(deadline));
  return !was_given_up;
}

}  // namespace datastorage
