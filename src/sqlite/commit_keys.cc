// Idempotency keys, natural keys and intents: who may write under which name.
#include "base/limits.h"
#include "sqlite/commit_run.h"
#include "sqlite/natural_key_hash.h"

namespace datastorage::sqlite {
namespace {

constexpr int kUnfinished = 0;  // The http_status of a claim whose intent has not committed.

}  // namespace

Result<CommitRun::Verdict> CommitRun::CheckClaim(const std::optional<IdempotencyClaim>& claim,
                                                 WallTime now) {
  if (!claim.has_value()) return Verdict();
  StatementRun reading(writer_.At(Query::kIdempotencyKey));
  DS_ASSIGN_OR_RETURN(const bool has_row, reading.BindText(claim->key).Next());
  const bool is_free = !has_row || reading.Time(4) + limits::kIdempotencyKeyLifetime <= now;
  if (is_free) return Verdict();
  WriteOutcome outcome{.status = WriteStatus::kReplayed, .id = reading.Id(2)};
  if (reading.Hash(0) != claim->request_hash) {
    outcome.status = WriteStatus::kKeyReused;
    return Verdict(outcome);
  }
  outcome.version = reading.Integer(3);
  outcome.replayed_http_status = static_cast<int>(reading.Integer(1));
  if (outcome.replayed_http_status == kUnfinished) {
    outcome.status = WriteStatus::kConflict;
    DS_ASSIGN_OR_RETURN(const std::optional<Intent> intent, FindIntent(outcome.id));
    if (intent.has_value()) outcome.stamp = intent->stamp;
    return Verdict(outcome);
  }
  DS_ASSIGN_OR_RETURN(const std::optional<RecordHead> head, FindHead(outcome.id));
  if (head.has_value()) outcome.stamp = head->stamp;
  return Verdict(outcome);
}

Result<void> CommitRun::Claim(const std::optional<IdempotencyClaim>& claim,
                              int http_status,
                              const WriteOutcome& outcome,
                              WallTime now) {
  if (!claim.has_value()) return {};
  last_claim_ = std::max(last_claim_.value_or(now), now);
  StatementRun claiming(writer_.At(Query::kClaimIdempotencyKey));
  claiming.BindText(claim->key).BindBlob(claim->request_hash).BindInteger(http_status);
  claiming.BindId(outcome.id).BindInteger(outcome.version).BindTime(now);
  DS_RETURN_IF_ERROR(claiming.Run());
  return {};
}

Result<CommitRun::Verdict> CommitRun::CheckNaturalKey(RecordKind kind,
                                                      const std::string& key,
                                                      const Sha256& content_hash) {
  StatementRun holder(writer_.At(Query::kNaturalKey));
  DS_ASSIGN_OR_RETURN(const bool is_held, holder.BindText(NameOf(kind)).BindText(key).Next());
  if (!is_held) {
    const Sha256 key_hash = NaturalKeyHash(kind, key);
    StatementRun erased(writer_.At(Query::kErasedKey));
    DS_ASSIGN_OR_RETURN(const bool was_erased, erased.BindBlob(key_hash).Next());
    if (!was_erased) return Verdict();
    return Verdict(WriteOutcome{.status = WriteStatus::kErased, .id = erased.Id(0)});
  }
  WriteOutcome outcome{.status = WriteStatus::kConflict, .id = holder.Id(0)};
  if (!holder.IsNull(1)) {
    outcome.stamp = holder.Integer(1);
    return Verdict(outcome);
  }
  DS_ASSIGN_OR_RETURN(const std::optional<RecordHead> head, FindHead(outcome.id));
  if (!head.has_value()) return Internal("a natural key belongs to no record");
  if (head->content_hash == content_hash) outcome.status = WriteStatus::kExisting;
  outcome.version = head->version;
  outcome.stamp = head->stamp;
  return Verdict(outcome);
}

Result<CommitRun::Verdict> CommitRun::CheckId(RecordId id) {
  StatementRun reading(writer_.At(Query::kIdUse));
  DS_ASSIGN_OR_RETURN(const bool is_used, reading.BindId(id).BindId(id).BindId(id).Next());
  if (!is_used) return Verdict();
  return Verdict(WriteOutcome{
      .status = reading.Text(0) == "erased" ? WriteStatus::kErased : WriteStatus::kConflict,
      .id = id,
      .version = reading.Integer(1),
      .stamp = reading.Integer(2)});
}

template <class Operation>
Result<CommitRun::Verdict> CommitRun::CheckCreation(const Operation& operation,
                                                    RecordKind kind,
                                                    const std::string& key) {
  DS_ASSIGN_OR_RETURN(const Verdict claimed, CheckClaim(operation.claim, operation.now));
  if (claimed.has_value()) return claimed;
  DS_ASSIGN_OR_RETURN(const Verdict held, CheckNaturalKey(kind, key, operation.content_hash));
  if (!held.has_value()) return CheckId(operation.id);
  if (held->status == WriteStatus::kExisting) {
    DS_RETURN_IF_ERROR(Claim(operation.claim, 200, *held, operation.now));
  }
  return held;
}
template Result<CommitRun::Verdict> CommitRun::CheckCreation(const CreateOp& operation,
                                                             RecordKind kind,
                                                             const std::string& key);

Result<std::optional<CommitRun::Intent>> CommitRun::FindIntent(RecordId id) {
  StatementRun reading(writer_.At(Query::kIntentOfRecord));
  DS_ASSIGN_OR_RETURN(const bool has_row, reading.BindId(id).Next());
  if (!has_row) return std::optional<Intent>();
  return std::optional<Intent>(
      Intent{std::string(reading.Text(0)), std::string(reading.Text(1)), reading.Integer(2)});
}

Result<void> CommitRun::PurgeClaims() {
  StatementRun purging(writer_.At(Query::kPurgeIdempotencyKeys));
  purging.BindTime(*last_claim_ - limits::kIdempotencyKeyLifetime);
  DS_RETURN_IF_ERROR(purging.BindInteger(limits::kIdempotencyPurgeCountMax).Run());
  return {};
}

Result<WriteOutcome> CommitRun::Do(const BeginIntentOp& operation) {
  DS_ASSIGN_OR_RETURN(const std::optional<Intent> own, FindIntent(operation.id));
  if (own.has_value() && own->kind == NameOf(operation.kind) && own->key == operation.natural_key) {
    return WriteOutcome{.status = WriteStatus::kIntentBegun,
                        .id = operation.id,
                        .stamp = own->stamp,
                        .has_pending = !sets_.empty()};
  }
  DS_ASSIGN_OR_RETURN(const Verdict verdict,
                      CheckCreation(operation, operation.kind, operation.natural_key));
  if (verdict.has_value()) return *verdict;

  const WriteOutcome outcome{.status = WriteStatus::kIntentBegun,
                             .id = operation.id,
                             .stamp = DrawStamp(),
                             .has_pending = !sets_.empty()};
  StatementRun naming(writer_.At(Query::kInsertNaturalKey));
  naming.BindText(NameOf(operation.kind)).BindText(operation.natural_key).BindId(operation.id);
  DS_RETURN_IF_ERROR(naming.BindInteger(outcome.stamp).Run());
  for (const ActiveSet& set : sets_) {
    StatementRun inserting(writer_.At(Query::kInsertIntent));
    inserting.BindInteger(set.id).BindId(operation.id).BindInteger(outcome.stamp);
    DS_RETURN_IF_ERROR(inserting.BindTime(operation.lease_until).BindTime(operation.now).Run());
  }
  DS_RETURN_IF_ERROR(Claim(operation.claim, kUnfinished, outcome, operation.now));
  return outcome;
}

Result<WriteOutcome> CommitRun::Do(const AbortIntentOp& operation) {
  DS_ASSIGN_OR_RETURN(const std::optional<Intent> intent, FindIntent(operation.id));
  if (!intent.has_value() || intent->stamp != operation.intent_stamp) {
    return WriteOutcome{.status = WriteStatus::kFenced, .id = operation.id};
  }
  // A fresh stamp, so that the tombstone beats what the writer may have sent under the intent's.
  WriteOutcome outcome{
      .status = WriteStatus::kIntentAborted, .id = operation.id, .stamp = DrawStamp()};
  DS_RETURN_IF_ERROR(StatementRun(writer_.At(Query::kDeleteNaturalKey))
                         .BindText(intent->kind)
                         .BindText(intent->key)
                         .Run());
  DS_RETURN_IF_ERROR(StatementRun(writer_.At(Query::kFreeIntentClaims)).BindId(operation.id).Run());
  for (const ActiveSet& set : sets_) {
    StatementRun fencing(writer_.At(Query::kFenceIntent));
    fencing.BindInteger(outcome.stamp).BindTime(now_).BindInteger(set.id);
    DS_ASSIGN_OR_RETURN(const int changed, fencing.BindId(operation.id).Run());
    outcome.has_pending = outcome.has_pending || changed > 0;
  }
  return outcome;
}

}  // namespace datastorage::sqlite
