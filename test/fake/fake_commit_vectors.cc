// The operations of FakeCommit that are about vectors, not content.
#include "fake/fake_state.h"

namespace datastorage {

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
  if (found->second.text_hash != operation.embedding.text_hash) return outcome;
  outcome.status = WriteStatus::kEmbeddingStored;
  outcome.stamp = current.stamp = DrawStamp();
  state_.embeddings[{operation.id, operation.embedding.space}] = {
      outcome.stamp, operation.embedding.text_hash, operation.embedding.vector};
  for (const VectorSet& set : ActiveSets()) {
    if (set.space != operation.embedding.space) continue;
    const std::pair place(set.id, operation.id);
    if (operation.pending_rule == PendingRule::kWhereEmbeddingIsMissing) {
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
  const auto [row, is_new] = state_.pending.try_emplace({operation.set, operation.id});
  if (!is_new) {
    outcome.status = WriteStatus::kAlreadyPending;
    outcome.stamp = row->second.stamp;
    return outcome;
  }
  outcome.status = WriteStatus::kEnqueued;
  outcome.stamp = DrawStamp();
  row->second = {.stamp = outcome.stamp, .due_at = now_, .reason = operation.reason, .since = now_};
  if (record != state_.records.end()) record->second.current().stamp = outcome.stamp;
  return outcome;
}

}  // namespace datastorage
