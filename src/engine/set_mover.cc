#include "engine/set_mover.h"

namespace datastorage {
namespace {

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
  DS_ASSIGN_OR_RETURN(VectorSet set, store_.RegisterSet(wanted, deadline));
  DS_RETURN_IF_ERROR(CheckMark(*found, set, deadline));
  DS_RETURN_IF_ERROR(sets_.Refresh(deadline));
  return set;
}

// An index that cannot be reached is asked again by the relay; one of another set never will do.
Result<void> SetMover::CheckMark(const VectorEngine& engine,
                                 const VectorSet& set,
                                 Deadline deadline) {
  const Result<VectorSetId> mark = engine.index->Claim(set.id, deadline);
  if (!mark.has_value() || *mark == set.id) return {};
  DS_RETURN_IF_ERROR(store_.ChangeSetState(set.id, VectorSetState::kRetired, deadline));
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
  DS_RETURN_IF_ERROR(store_.ChangeSetState(set, VectorSetState::kLive, deadline));
  DS_RETURN_IF_ERROR(sets_.Refresh(deadline));
  return true;
}

}  // namespace datastorage
