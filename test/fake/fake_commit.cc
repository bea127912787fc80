#include <algorithm>

#include "base/check.h"
#include "base/limits.h"
#include "fake/fake_commit.h"

namespace datastorage {

WriteOutcome FakeCommit::Apply(const WriteOp& operation) {
  return std::visit([this](const auto& of_type) { return Do(of_type); }, operation);
}

// Expired claims go, the oldest first, a bounded number a commit.
void FakeCommit::Finish() {
  if (!last_claim_.has_value()) return;
  std::vector<std::pair<WallTime, std::string>> expired;
  for (const auto& [key, claim] : state_.claims) {
    if (claim.created_at + limits::kIdempotencyKeyLifetime <= *last_claim_) {
      expired.emplace_back(claim.created_at, key);
    }
  }
  std::sort(expired.begin(), expired.end());
  if (expired.size() > limits::kIdempotencyPurgeCountMax) {
    expired.resize(limits::kIdempotencyPurgeCountMax);
  }
  for (const auto& [created_at, key] : expired) state_.claims.erase(key);
}

Stamp FakeCommit::DrawStamp() {
  yield_();
  if (!mutants_.draws_stamps_early) return state_.next_stamp++;
  state_.next_stamp = std::max(state_.next_stamp, early_stamp_ + 1);
  return early_stamp_++;
}

std::vector<VectorSet> FakeCommit::ActiveSets() const {
  std::vector<VectorSet> active;
  for (const auto& [id, set] : state_.sets) {
    if (set.state != VectorSetState::kRetired) active.push_back(set);
  }
  return active;
}

FakeCommit::Verdict FakeCommit::CheckClaim(const std::optional<IdempotencyClaim>& claim,
                                           WallTime now) const {
  if (!claim.has_value()) return std::nullopt;
  const auto found = state_.claims.find(claim->key);
  if (found == state_.claims.end()) return std::nullopt;
  const FakeClaim& held = found->second;
  if (held.created_at + limits::kIdempotencyKeyLifetime <= now) return std::nullopt;
  WriteOutcome outcome{.status = WriteStatus::kKeyReused, .id = held.id};
  if (held.request_hash != claim->request_hash) return outcome;
  outcome.version = held.version;
  outcome.replayed_http_status = held.http_status;
  outcome.status = held.http_status == 0 ? WriteStatus::kConflict : WriteStatus::kReplayed;
  for (const auto& [key, holder] : state_.keys) {
    if (holder.id == held.id) outcome.stamp = holder.intent_stamp.value_or(0);
  }
  const auto record = state_.records.find(held.id);
  if (outcome.status == WriteStatus::kReplayed && record != state_.records.end()) {
    outcome.stamp = record->second.current().stamp;
  }
  return outcome;
}

FakeCommit::Verdict FakeCommit::CheckKey(const FakeKey& key, const Sha256& content_hash) const {
  if (const auto erased = state_.erased_keys.find(key); erased != state_.erased_keys.end()) {
    return WriteOutcome{.status = WriteStatus::kErased, .id = erased->second};
  }
  const auto found = state_.keys.find(key);
  if (found == state_.keys.end()) return std::nullopt;
  WriteOutcome outcome{.status = WriteStatus::kConflict, .id = found->second.id};
  if (found->second.intent_stamp.has_value()) {
    outcome.stamp = *found->second.intent_stamp;
    return outcome;
  }
  const FakeRecord& holder = state_.records.at(found->second.id);
  outcome.version = holder.current().version;
  outcome.stamp = holder.current().stamp;
  if (holder.content_hash == content_hash) outcome.status = WriteStatus::kExisting;
  return outcome;
}

FakeCommit::Verdict FakeCommit::CheckId(RecordId id) const {
  if (const auto record = state_.records.find(id); record != state_.records.end()) {
    return WriteOutcome{.status = WriteStatus::kConflict,
                        .id = id,
                        .version = record->second.current().version,
                        .stamp = record->second.current().stamp};
  }
  if (const auto erasure = state_.erasures.find(id); erasure != state_.erasures.end()) {
    return WriteOutcome{.status = WriteStatus::kErased,
                        .id = id,
                        .version = erasure->second.version,
                        .stamp = erasure->second.stamp};
  }
  for (const auto& [key, holder] : state_.keys) {
    if (holder.id != id) continue;
    return WriteOutcome{
        .status = WriteStatus::kConflict, .id = id, .stamp = holder.intent_stamp.value_or(0)};
  }
  return std::nullopt;
}

std::map<FakeKey, FakeKeyHolder>::iterator FakeCommit::FindIntent(RecordId id, Stamp stamp) {
  return std::find_if(state_.keys.begin(), state_.keys.end(), [&](const auto& entry) {
    return entry.second.id == id && entry.second.intent_stamp == stamp;
  });
}

void FakeCommit::Claim(const std::optional<IdempotencyClaim>& claim,
                       int http_status,
                       const WriteOutcome& outcome,
                       WallTime now) {
  if (!claim.has_value()) return;
  yield_();
  last_claim_ = std::max(last_claim_.value_or(now), now);
  state_.claims[claim->key] = {claim->request_hash, http_status, outcome.id, outcome.version, now};
}

WriteOutcome FakeCommit::Missing(RecordId id) const {
  const Verdict use = CheckId(id);
  if (use.has_value() && use->status == WriteStatus::kErased) return *use;
  return {.status = WriteStatus::kNotFound, .id = id};
}

bool FakeCommit::LeavePending(const PendingChange& change) {
  yield_();
  bool has_pending = false;
  std::vector<VectorSet> sets = ActiveSets();
  if (mutants_.leaves_one_row && !sets.empty()) sets.resize(1);
  for (const VectorSet& set : sets) {
    const std::pair place(set.id, change.id);
    const bool has_row = state_.pending.count(place) > 0;
    const bool is_embedded = state_.embeddings.count({change.id, set.space}) > 0;
    const bool is_every_set = change.is_erasure || set.pending_rule == PendingRule::kEverySet;
    const bool is_wanted = is_every_set ? change.has_text || change.had_text || has_row
                                        : change.has_text && !is_embedded;
    if (!is_wanted) {
      state_.pending.erase(place);
      continue;
    }
    has_pending = true;
    FakePending& row = state_.pending[place];
    if (!has_row) row.since = change.now;
    row.stamp = std::max(row.stamp, change.stamp);
    row.state = FakePendingState::kDue;
    row.due_at = change.now;
    row.attempt_count = 0;
    row.reason = change.reason;
  }
  return has_pending;
}

WriteOutcome FakeCommit::Do(const CreateOp& operation) {
  const FakeKey key(KindOf(operation.body), NaturalKeyOf(operation.body));
  if (operation.consumes_intent.has_value()) {
    const auto intent = FindIntent(operation.id, *operation.consumes_intent);
    const bool is_there =
        intent != state_.keys.end() && HasIntentRows(operation.id, *operation.consumes_intent);
    if (!is_there && mutants_.commits_without_intent && CheckId(operation.id) == std::nullopt) {
      state_.keys[key] = {operation.id, std::nullopt};
      return Insert(operation, *operation.consumes_intent);
    }
    if (!is_there) {
      return {.status = WriteStatus::kFenced, .id = operation.id};
    }
    DS_CHECK(intent->first == key);
    intent->second.intent_stamp.reset();
    for (auto& [name, claim] : state_.claims) {
      if (claim.id != operation.id || claim.http_status != 0) continue;
      claim.http_status = 201;
      claim.version = 1;
    }
    return Insert(operation, *operation.consumes_intent);
  }
  if (const Verdict claimed = CheckClaim(operation.claim, operation.now)) return *claimed;
  if (const Verdict held = CheckKey(key, operation.content_hash)) {
    if (held->status == WriteStatus::kExisting) Claim(operation.claim, 200, *held, operation.now);
    return *held;
  }
  if (const Verdict used = CheckId(operation.id)) return *used;
  state_.keys[key] = {operation.id, std::nullopt};
  const WriteOutcome outcome = Insert(operation, DrawStamp());
  Claim(operation.claim, 201, outcome, operation.now);
  return outcome;
}

WriteOutcome FakeCommit::Insert(const CreateOp& operation, Stamp stamp) {
  FakeRecord record;
  record.content_hash = operation.content_hash;
  record.text_hash = operation.text_hash;
  record.versions.push_back({Record{.id = operation.id,
                                    .version = 1,
                                    .stamp = stamp,
                                    .created_at = operation.now,
                                    .updated_at = operation.now,
                                    .body = operation.body},
                             operation.attempt});
  state_.records.emplace(operation.id, std::move(record));
  for (const SpacedEmbedding& embedding : operation.embeddings) {
    state_.embeddings[{operation.id, embedding.space}] = {
        stamp, embedding.text_hash, embedding.vector};
  }
  WriteOutcome outcome{
      .status = WriteStatus::kCreated, .id = operation.id, .version = 1, .stamp = stamp};
  outcome.has_pending = LeavePending({.id = operation.id,
                                      .stamp = stamp,
                                      .now = operation.now,
                                      .reason = operation.pending_reason,
                                      .has_text = operation.text_hash.has_value()});
  return outcome;
}

WriteOutcome FakeCommit::Do(const UpdateOp& operation) {
  if (const Verdict claimed = CheckClaim(operation.claim, operation.now)) return *claimed;
  const auto found = state_.records.find(operation.id);
  if (found == state_.records.end()) return Missing(operation.id);
  FakeRecord& record = found->second;
  if (record.current().version != operation.expected_version) {
    return {.status = WriteStatus::kStale,
            .id = operation.id,
            .version = record.current().version,
            .stamp = record.current().stamp};
  }
  if (operation.claims_only) {
    const WriteOutcome existing{.status = WriteStatus::kExisting,
                                .id = operation.id,
                                .version = record.current().version,
                                .stamp = record.current().stamp};
    Claim(operation.claim, 200, existing, operation.now);
    return existing;
  }
  const bool had_text = record.text_hash.has_value();
  Record next = record.current();
  ++next.version;
  next.stamp = DrawStamp();
  next.updated_at = operation.now;
  next.body = operation.body;
  const WriteOutcome written{.status = WriteStatus::kUpdated,
                             .id = operation.id,
                             .version = next.version,
                             .stamp = next.stamp};
  record.versions.push_back({std::move(next), operation.attempt});
  record.text_hash = operation.text_hash;
  std::erase_if(state_.embeddings, [&](const auto& entry) {
    return entry.first.first == operation.id && entry.second.text_hash != operation.text_hash;
  });
  for (const SpacedEmbedding& embedding : operation.embeddings) {
    state_.embeddings[{operation.id, embedding.space}] = {
        written.stamp, embedding.text_hash, embedding.vector};
  }
  WriteOutcome outcome = written;
  outcome.has_pending = LeavePending({.id = operation.id,
                                      .stamp = written.stamp,
                                      .now = operation.now,
                                      .reason = operation.pending_reason,
                                      .has_text = operation.text_hash.has_value(),
                                      .had_text = had_text});
  Claim(operation.claim, 200, outcome, operation.now);
  return outcome;
}

WriteOutcome FakeCommit::Do(const EraseOp& operation) {
  const auto found = state_.records.find(operation.id);
  if (found == state_.records.end()) return Missing(operation.id);
  const Record& current = found->second.current();
  const RecordKind kind = KindOf(current.body);
  WriteOutcome outcome{.status = WriteStatus::kErasedNow,
                       .id = operation.id,
                       .version = current.version,
                       .stamp = DrawStamp()};
  const FakeKey key(kind, NaturalKeyOf(current.body));
  const bool had_text = found->second.text_hash.has_value();
  state_.keys.erase(key);
  state_.erased_keys[key] = operation.id;
  FakeErasure erasure{kind, current.version, outcome.stamp, operation};
  for (const FakeVersion& version : found->second.versions) {
    erasure.attempts.push_back(version.attempt);
  }
  state_.erasures[operation.id] = std::move(erasure);
  state_.records.erase(found);
  std::erase_if(state_.embeddings,
                [&](const auto& entry) { return entry.first.first == operation.id; });
  outcome.has_pending = LeavePending({.id = operation.id,
                                      .stamp = outcome.stamp,
                                      .now = operation.now,
                                      .is_erasure = true,
                                      .had_text = had_text});
  return outcome;
}

}  // namespace datastorage
