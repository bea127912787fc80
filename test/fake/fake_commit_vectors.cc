// The operations of FakeCommit that are about intents and vectors, not content.
#include <algorithm>

#include "fake/fake_commit.h"

namespace datastorage {

bool FakeCommit::HasIntentRows(RecordId id, Stamp stamp) const {
  const std::vector<VectorSet> sets = ActiveSets();
  return std::all_of(sets.begin(), sets.end(), [&](const VectorSet& set) {
    const auto row = state_.pending.find({set.id, id});
    return row != state_.pending.end() && row->second.state == FakePendingState::kIntent &&
           row->second.stamp == stamp;
  });
}

WriteOutcome FakeCommit::Do(const BeginIntentOp& operation) {
  const FakeKey key(operation.kind, operation.natural_key);
  const auto own = state_.keys.find(key);
  if (own != state_.keys.end() && own->second.id == operation.id &&
      own->second.intent_stamp.has_value()) {
    return {.status = WriteStatus::kIntentBegun,
            .id = operation.id,
            .stamp = *own->second.intent_stamp,
            .has_pending = !ActiveSets().empty()};
  }
  if (const Verdict claimed = CheckClaim(operation.claim, operation.now)) return *claimed;
  if (const Verdict held = CheckKey(key, operation.content_hash)) {
    if (held->status == WriteStatus::kExisting) Claim(operation.claim, 200, *held, operation.now);
    return *held;
  }
  if (const Verdict used = CheckId(operation.id)) return *used;
  WriteOutcome outcome{
      .status = WriteStatus::kIntentBegun, .id = operation.id, .stamp = DrawStamp()};
  state_.keys[key] = {operation.id, outcome.stamp};
  for (const VectorSet& set : ActiveSets()) {
    outcome.has_pending = true;
    FakePending& row = state_.pending[{set.id, operation.id}];
    if (row.stamp == 0) row.since = operation.now;
    row = {.stamp = outcome.stamp,
           .state = FakePendingState::kIntent,
           .due_at = operation.lease_until,
           .since = row.since};
  }
  Claim(operation.claim, 0, outcome, operation.now);
  return outcome;
}

WriteOutcome FakeCommit::Do(const AbortIntentOp& operation) {
  const auto intent = FindIntent(operation.id, operation.intent_stamp);
  if (intent == state_.keys.end()) return {.status = WriteStatus::kFenced, .id = operation.id};
  WriteOutcome outcome{
      .status = WriteStatus::kIntentAborted, .id = operation.id, .stamp = DrawStamp()};
  state_.keys.erase(intent);
  std::erase_if(state_.claims, [&](const auto& entry) {
    return entry.second.id == operation.id && entry.second.http_status == 0;
  });
  for (auto& [place, row] : state_.pending) {
    if (place.second != operation.id || row.state != FakePendingState::kIntent) continue;
    row.stamp = outcome.stamp;
    row.state = FakePendingState::kDue;
    row.due_at = now_;
    outcome.has_pending = true;
  }
  return outcome;
}

WriteOutcome FakeCommit::Do(const StoreEmbeddingOp& operation) {
  const auto found = state_.records.find(operation.id);
  if (found == state_.records.end()) return Missing(operation.id);
  Record& current = found->second.current();
  WriteOutcome outcome{.status = WriteStatus::kEmbeddingSuperseded,
                       .id = operation.id,
                       .version = current.version,
                       .stamp = current.stamp};
  const bool is_current = found->second.text_hash == operation.embedding.text_hash;
  if (!is_current && !mutants_.stores_any_embedding) return outcome;
  outcome.status = WriteStatus::kEmbeddingStored;
  if (!mutants_.keeps_stamp_of_embedded) outcome.stamp = current.stamp = DrawStamp();
  state_.embeddings[{operation.id, operation.embedding.space}] = {
      outcome.stamp, operation.embedding.text_hash, operation.embedding.vector};
  for (const VectorSet& set : ActiveSets()) {
    if (set.space != operation.embedding.space) continue;
    const std::pair place(set.id, operation.id);
    if (set.pending_rule == PendingRule::kWhereEmbeddingIsMissing) {
      state_.pending.erase(place);
      continue;
    }
    outcome.has_pending = true;
    const auto [row, is_new] = state_.pending.try_emplace(place);
    if (is_new) row->second.due_at = row->second.since = now_;
    row->second.stamp = outcome.stamp;
    row->second.state = FakePendingState::kDue;
  }
  return outcome;
}

WriteOutcome FakeCommit::Do(const EnqueuePendingOp& operation) {
  WriteOutcome outcome{.status = WriteStatus::kNotFound, .id = operation.id};
  const auto set = state_.sets.find(operation.set);
  if (set == state_.sets.end() || set->second.state == VectorSetState::kRetired) return outcome;
  const auto record = state_.records.find(operation.id);
  if (record != state_.records.end()) outcome.version = record->second.current().version;
  outcome.has_pending = true;
  const auto known = state_.pending.find({operation.set, operation.id});
  const bool is_kept = known != state_.pending.end() &&
                       (!operation.renews || known->second.state == FakePendingState::kIntent);
  if (is_kept) {
    outcome.status = WriteStatus::kAlreadyPending;
    outcome.stamp = known->second.stamp;
    return outcome;
  }
  outcome.status = WriteStatus::kEnqueued;
  outcome.stamp = DrawStamp();
  for (const VectorSet& each : ActiveSets()) {
    // The other sets hold the record under its stamp of before.
    if (each.id != operation.set && record == state_.records.end()) continue;
    const auto [row, is_new] = state_.pending.try_emplace({each.id, operation.id});
    const WallTime since = is_new ? now_ : row->second.since;
    row->second = {
        .stamp = outcome.stamp, .due_at = now_, .reason = operation.reason, .since = since};
  }
  if (record != state_.records.end()) record->second.current().stamp = outcome.stamp;
  return outcome;
}

}  // namespace datastorage
