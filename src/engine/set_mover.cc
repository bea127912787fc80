#include "engine/set_mover.h"

namespace datastorage {

Result<VectorSet> SetMover::Begin(const std::string& engine, Deadline deadline) {
  const VectorEngine* found = sets_.Find(engine);
  if (found == nullptr) return NotFound("no vector engine of this name is at hand");
  VectorSet wanted;
  wanted.engine = engine;
  wanted.space = sets_.Space();
  wanted.pending_rule = RulesOf(found->index->Capabilities().placement).pending_rule;
  DS_ASSIGN_OR_RETURN(VectorSet set, store_.RegisterSet(wanted, deadline));
  DS_RETURN_IF_ERROR(sets_.Refresh(deadline));
  return set;
}

// What is pending is found all the same, so going live early would cost time and not truth.
Result<bool> SetMover::TryFinish(VectorSetId set, Deadline deadline) {
  DS_ASSIGN_OR_RETURN(const std::vector<PendingTally> tallies, store_.TallyPending(deadline));
  for (const PendingTally& tally : tallies) {
    const bool is_of_before = tally.set == set && tally.reason != PendingReason::kNotYet;
    if (is_of_before && tally.count > 0) return false;
  }
  DS_RETURN_IF_ERROR(store_.ChangeSetState(set, VectorSetState::kLive, deadline));
  DS_RETURN_IF_ERROR(sets_.Refresh(deadline));
  return true;
}

}  // namespace datastorage
