// What becomes of each operation of a wave, in memory.
#include <algorithm>

#include "base/check.h"
#include "postgres/commit_decision.h"
#include "postgres/mutant.h"
#include "postgres/natural_key_hash.h"

namespace datastorage::postgres {
namespace {

HeldName NameOfKey(RecordKind kind, const std::string& key) {
  return {std::string(NameOf(kind)), key};
}

}  // namespace

Stamp WaveDecision::DrawStamp() {
  DS_CHECK(next_stamp_ < state_.stamps.size());
  return state_.stamps[next_stamp_++];
}

WaveDecision::Verdict WaveDecision::CheckClaim(const std::optional<IdempotencyClaim>& claim) const {
  if (!claim.has_value() || state_.own_claims.contains(claim->key)) return std::nullopt;
  const auto found = state_.claims.find(claim->key);
  DS_CHECK(found != state_.claims.end());
  const WaveState::Claim& held = found->second;
  WriteOutcome outcome{.status = WriteStatus::kReplayed, .id = held.id};
  if (held.request_hash != claim->request_hash) {
    outcome.status = WriteStatus::kKeyReused;
    return outcome;
  }
  outcome.version = held.version;
  outcome.replayed_http_status = held.http_status;
  if (held.http_status == 0) {
    outcome.status = WriteStatus::kConflict;
    outcome.stamp = held.intent_stamp.value_or(0);
    return outcome;
  }
  // The wave itself may have given the record another stamp by now.
  const auto head = state_.heads.find(held.id);
  outcome.stamp = head != state_.heads.end() ? head->second.stamp : held.record_stamp.value_or(0);
  return outcome;
}

WaveDecision::Verdict WaveDecision::CheckName(const HeldName& name,
                                              const Sha256& content_hash) const {
  if (state_.own_names.contains(name)) {
    const auto erased = state_.erased_names.find(NaturalKeyHash(name.first, name.second));
    if (erased == state_.erased_names.end()) return std::nullopt;
    return WriteOutcome{.status = WriteStatus::kErased, .id = erased->second};
  }
  const auto found = state_.holders.find(name);
  DS_CHECK(found != state_.holders.end());
  const WaveState::Holder& holder = found->second;
  WriteOutcome outcome{.status = WriteStatus::kConflict, .id = holder.id};
  if (holder.intent_stamp.has_value()) {
    outcome.stamp = *holder.intent_stamp;
    return outcome;
  }
  outcome.version = holder.version;
  outcome.stamp = holder.stamp;
  if (const auto head = state_.heads.find(holder.id); head != state_.heads.end()) {
    outcome.version = head->second.version;
    outcome.stamp = head->second.stamp;
  }
  if (holder.content_hash == content_hash) outcome.status = WriteStatus::kExisting;
  return outcome;
}

WaveDecision::Verdict WaveDecision::CheckId(RecordId id) const {
  const auto found = state_.uses.find(id);
  if (found == state_.uses.end()) return std::nullopt;
  return WriteOutcome{
      .status = found->second.what == "erased" ? WriteStatus::kErased : WriteStatus::kConflict,
      .id = id,
      .version = found->second.version,
      .stamp = found->second.stamp};
}

// Intents are no records: neither update nor erasure finds them.
WriteOutcome WaveDecision::NotThere(RecordId id) const {
  const Verdict used = CheckId(id);
  if (used.has_value() && used->status == WriteStatus::kErased) return *used;
  return {.status = WriteStatus::kNotFound, .id = id};
}

void WaveDecision::FreeClaim(const std::optional<IdempotencyClaim>& claim) {
  if (claim.has_value() && state_.own_claims.contains(claim->key)) {
    changes_.freed_claims.push_back(claim->key);
  }
}

void WaveDecision::KeepClaim(const std::optional<IdempotencyClaim>& claim, WallTime now) {
  if (claim.has_value()) changes_.last_claim = std::max(changes_.last_claim.value_or(now), now);
}

// What stands in the way of a new record or intent; what it had claimed already is free then.
WaveDecision::Verdict WaveDecision::CheckNew(const NewRecord& wanted) {
  Verdict verdict = CheckClaim(wanted.claim);
  if (!verdict.has_value()) verdict = CheckName(wanted.name, wanted.content_hash);
  if (!verdict.has_value()) verdict = CheckId(wanted.id);
  if (!verdict.has_value()) return verdict;
  if (state_.own_names.contains(wanted.name)) changes_.freed_names.push_back(wanted.name);
  if (verdict->status == WriteStatus::kExisting && wanted.claim.has_value()) {
    changes_.adopted_claims.push_back({wanted.claim->key, verdict->id, verdict->version});
    KeepClaim(wanted.claim, wanted.now);
  } else {
    FreeClaim(wanted.claim);
  }
  return verdict;
}

WriteOutcome WaveDecision::Do(const BeginIntentOp& operation) {
  const HeldName name = NameOfKey(operation.kind, operation.natural_key);
  const auto held = state_.holders.find(name);
  if (held != state_.holders.end() && held->second.id == operation.id &&
      held->second.intent_stamp.has_value() && !state_.own_names.contains(name)) {
    FreeClaim(operation.claim);
    return {.status = WriteStatus::kIntentBegun,
            .id = operation.id,
            .stamp = *held->second.intent_stamp,
            .has_pending = !state_.sets.empty()};
  }
  if (const Verdict stop =
          CheckNew({operation.id, name, operation.content_hash, operation.claim, operation.now})) {
    return *stop;
  }
  const WriteOutcome outcome{.status = WriteStatus::kIntentBegun,
                             .id = operation.id,
                             .stamp = DrawStamp(),
                             .has_pending = !state_.sets.empty()};
  KeepClaim(operation.claim, operation.now);
  changes_.finished_names.emplace_back(name, outcome.stamp);
  for (const ActiveSet& set : state_.sets) {
    WaveState::Pending row{.stamp = outcome.stamp,
                           .state = "intent",
                           .due_at = operation.lease_until,
                           .reason = std::string(NameOf(PendingReason::kNotYet)),
                           .since = operation.now};
    Put({operation.id, set.id}, std::move(row));
  }
  return outcome;
}

WriteOutcome WaveDecision::Do(const CreateOp& operation) {
  if (operation.consumes_intent.has_value()) return FinishIntent(operation);
  const HeldName name = NameOfKey(KindOf(operation.body), NaturalKeyOf(operation.body));
  if (const Verdict stop =
          CheckNew({operation.id, name, operation.content_hash, operation.claim, operation.now})) {
    return *stop;
  }
  KeepClaim(operation.claim, operation.now);
  return StoreRecord(operation, DrawStamp());
}

// Every set that is not retired has one, also a set that came since the intent began.
bool WaveDecision::OwnsItsIntentRows(RecordId id, Stamp stamp) const {
  return std::all_of(state_.sets.begin(), state_.sets.end(), [&](const ActiveSet& set) {
    const auto row = state_.pending.find({id, set.id});
    return row != state_.pending.end() && row->second.stamp == stamp &&
           row->second.state == "intent";
  });
}

// The claims were checked when the intent began, and are its own while it stands.
WriteOutcome WaveDecision::FinishIntent(const CreateOp& operation) {
  const auto intent = state_.intents.find(operation.id);
  const Stamp stamp = *operation.consumes_intent;
  if (intent == state_.intents.end() || intent->second.stamp != stamp ||
      !OwnsItsIntentRows(operation.id, stamp)) {
    if (DS_STORE_MUTANT(kNoFence)) return StoreRecord(operation, stamp);
    return {.status = WriteStatus::kFenced, .id = operation.id};
  }
  DS_CHECK(intent->second.name == NameOfKey(KindOf(operation.body), NaturalKeyOf(operation.body)));
  changes_.finished_names.emplace_back(intent->second.name, std::nullopt);
  changes_.finished_intents.push_back(operation.id);
  return StoreRecord(operation, stamp);
}

WriteOutcome WaveDecision::StoreRecord(const CreateOp& operation, Stamp stamp) {
  changes_.inserted.Add({.id = operation.id,
                         .stamp = stamp,
                         .attempt = operation.attempt,
                         .text_hash = operation.text_hash,
                         .now = operation.now,
                         .content_hash = operation.content_hash},
                        operation.body);
  PendingChange change{.id = operation.id,
                       .stamp = stamp,
                       .now = operation.now,
                       .reason = operation.pending_reason,
                       .has_text = operation.text_hash.has_value(),
                       .is_creation = true,
                       .embeddings = operation.embeddings};
  for (const SpacedEmbedding& embedding : operation.embeddings) {
    DS_CHECK(embedding.text_hash == operation.text_hash);
    changes_.embeddings.push_back({operation.id, &embedding, stamp});
    change.spaces.insert(embedding.space);
  }
  WriteOutcome outcome{
      .status = WriteStatus::kCreated, .id = operation.id, .version = 1, .stamp = stamp};
  outcome.has_pending = LeavePending(change);
  return outcome;
}

WriteOutcome WaveDecision::Do(const UpdateOp& operation) {
  if (const Verdict claimed = CheckClaim(operation.claim)) return *claimed;
  const auto found = state_.heads.find(operation.id);
  if (found == state_.heads.end() || found->second.version != operation.expected_version) {
    FreeClaim(operation.claim);
    if (found == state_.heads.end()) return NotThere(operation.id);
    return {.status = WriteStatus::kStale,
            .id = operation.id,
            .version = found->second.version,
            .stamp = found->second.stamp};
  }
  WaveState::Head& head = found->second;
  if (operation.claims_only) {
    KeepClaim(operation.claim, operation.now);
    return {.status = WriteStatus::kExisting,
            .id = operation.id,
            .version = head.version,
            .stamp = head.stamp};
  }
  DS_CHECK(head.kind == NameOf(KindOf(operation.body)));
  DS_CHECK(head.natural_key == NaturalKeyOf(operation.body));
  const WaveState::Head before = head;
  KeepClaim(operation.claim, operation.now);
  ++head.version;
  head.stamp = DrawStamp();
  head.text_hash = operation.text_hash;
  changes_.updated.Add({.id = operation.id,
                        .stamp = head.stamp,
                        .attempt = operation.attempt,
                        .text_hash = operation.text_hash,
                        .now = operation.now},
                       operation.body);
  PendingChange change{.id = operation.id,
                       .stamp = head.stamp,
                       .now = operation.now,
                       .reason = operation.pending_reason,
                       .has_text = operation.text_hash.has_value(),
                       .had_text = before.text_hash.has_value(),
                       .has_new_text = before.text_hash != operation.text_hash,
                       .embeddings = operation.embeddings};
  change.spaces = ReplaceEmbeddings(operation, before);
  WriteOutcome outcome{.status = WriteStatus::kUpdated,
                       .id = operation.id,
                       .version = head.version,
                       .stamp = head.stamp};
  outcome.has_pending = LeavePending(change);
  return outcome;
}

WriteOutcome WaveDecision::Do(const EraseOp& operation) {
  const auto found = state_.heads.find(operation.id);
  if (found == state_.heads.end()) return NotThere(operation.id);
  const WaveState::Head& head = found->second;
  WriteOutcome outcome{.status = WriteStatus::kErasedNow,
                       .id = operation.id,
                       .version = head.version,
                       .stamp = DrawStamp()};
  changes_.erasures.push_back({&operation, head, outcome.stamp});
  changes_.freed_names.emplace_back(head.kind, head.natural_key);
  // Wherever vectors are kept, one may be there: the relay puts a tombstone in its place.
  outcome.has_pending = LeavePending({.id = operation.id,
                                      .stamp = outcome.stamp,
                                      .now = operation.now,
                                      .is_erasure = true,
                                      .had_text = head.text_hash.has_value()});
  return outcome;
}

WriteOutcome WaveDecision::Do(const AbortIntentOp& operation) {
  const auto intent = state_.intents.find(operation.id);
  if (intent == state_.intents.end() || intent->second.stamp != operation.intent_stamp) {
    return {.status = WriteStatus::kFenced, .id = operation.id};
  }
  // A fresh stamp, so that the tombstone beats what the writer may have sent under the intent's.
  WriteOutcome outcome{
      .status = WriteStatus::kIntentAborted, .id = operation.id, .stamp = DrawStamp()};
  changes_.freed_names.push_back(intent->second.name);
  changes_.aborted_intents.push_back(operation.id);
  for (const ActiveSet& set : state_.sets) {
    const auto row = state_.pending.find({operation.id, set.id});
    if (row == state_.pending.end() || row->second.state != "intent") continue;
    WaveState::Pending fenced = row->second;
    fenced.stamp = outcome.stamp;
    fenced.state = "due";
    fenced.due_at = now_;
    Put({operation.id, set.id}, std::move(fenced));
    outcome.has_pending = true;
  }
  return outcome;
}

std::vector<WriteOutcome> DecideWave(std::span<const WriteOp> operations,
                                     WallTime now,
                                     WaveState& state,
                                     WaveChanges& changes) {
  WaveDecision decision(state, changes, now);
  std::vector<WriteOutcome> outcomes;
  outcomes.reserve(operations.size());
  for (const WriteOp& operation : operations) {
    outcomes.push_back(
        std::visit([&](const auto& of_type) { return decision.Do(of_type); }, operation));
  }
  return outcomes;
}

}  // namespace datastorage::postgres
