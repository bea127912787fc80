// Embeddings and pending rows.
#include <algorithm>

#include "sqlite/commit_run.h"
#include "sqlite/record_rows.h"

namespace datastorage::sqlite {

Result<void> CommitRun::PutEmbedding(RecordId id, const SpacedEmbedding& embedding, Stamp stamp) {
  StatementRun putting(writer_.At(Query::kPutEmbedding));
  putting.BindId(id).BindText(embedding.space).BindInteger(stamp).BindBlob(embedding.text_hash);
  DS_RETURN_IF_ERROR(putting.BindBlob(BytesOf(embedding.vector)).Run());
  return {};
}

Result<bool> CommitRun::LeavePending(const PendingChange& change) {
  bool has_pending = false;
  for (const ActiveSet& set : sets_) {
    DS_ASSIGN_OR_RETURN(const bool is_left, LeavePendingIn(set, change));
    has_pending = has_pending || is_left;
  }
  return has_pending;
}

Result<bool> CommitRun::LeavePendingIn(const ActiveSet& set, const PendingChange& change) {
  const bool is_embedded =
      std::find(change.spaces.begin(), change.spaces.end(), set.space) != change.spaces.end();
  const bool is_every_set = change.is_erasure || set.rule == PendingRule::kEverySet;
  if (is_every_set ? change.has_text || change.had_text : change.has_text && !is_embedded) {
    StatementRun putting(writer_.At(Query::kPutPending));
    putting.BindInteger(set.id).BindId(change.id).BindInteger(change.stamp).BindTime(change.now);
    DS_RETURN_IF_ERROR(putting.BindText(NameOf(change.reason)).BindTime(change.now).Run());
    return true;
  }
  if (!is_every_set) {
    DS_RETURN_IF_ERROR(StatementRun(writer_.At(Query::kDeletePending))
                           .BindInteger(set.id)
                           .BindId(change.id)
                           .Run());
    return false;
  }
  // No vector, neither before nor now; but a row that is there must follow the record's stamp.
  StatementRun renewing(writer_.At(Query::kRenewPending));
  renewing.BindInteger(change.stamp).BindTime(change.now).BindText(NameOf(change.reason));
  DS_ASSIGN_OR_RETURN(const int changed, renewing.BindInteger(set.id).BindId(change.id).Run());
  return changed > 0;
}

Result<WriteOutcome> CommitRun::Do(const StoreEmbeddingOp& operation) {
  DS_ASSIGN_OR_RETURN(const std::optional<RecordHead> head, FindHead(operation.id));
  if (!head.has_value()) return NotThere(operation.id);
  WriteOutcome outcome{.status = WriteStatus::kEmbeddingSuperseded,
                       .id = operation.id,
                       .version = head->version,
                       .stamp = head->stamp};
  if (head->text_hash != operation.embedding.text_hash) return outcome;

  outcome.status = WriteStatus::kEmbeddingStored;
  outcome.stamp = DrawStamp();
  DS_RETURN_IF_ERROR(StatementRun(writer_.At(Query::kRaiseRecordStamp))
                         .BindInteger(outcome.stamp)
                         .BindId(operation.id)
                         .Run());
  DS_RETURN_IF_ERROR(PutEmbedding(operation.id, operation.embedding, outcome.stamp));
  for (const ActiveSet& set : sets_) {
    if (set.space != operation.embedding.space) continue;
    if (set.rule == PendingRule::kWhereEmbeddingIsMissing) {
      DS_RETURN_IF_ERROR(StatementRun(writer_.At(Query::kDeletePending))
                             .BindInteger(set.id)
                             .BindId(operation.id)
                             .Run());
      continue;
    }
    outcome.has_pending = true;
    StatementRun raising(writer_.At(Query::kRaisePendingStamp));
    raising.BindInteger(outcome.stamp).BindInteger(set.id).BindId(operation.id);
    DS_ASSIGN_OR_RETURN(const int changed, raising.Run());
    if (changed > 0) continue;
    DS_RETURN_IF_ERROR(LeavePendingIn(
        set, {.id = operation.id, .stamp = outcome.stamp, .now = now_, .has_text = true}));
  }
  return outcome;
}

Result<WriteOutcome> CommitRun::Do(const EnqueuePendingOp& operation) {
  WriteOutcome outcome{.status = WriteStatus::kNotFound, .id = operation.id};
  const bool is_active = std::any_of(
      sets_.begin(), sets_.end(), [&](const ActiveSet& set) { return set.id == operation.set; });
  if (!is_active) return outcome;
  DS_ASSIGN_OR_RETURN(const std::optional<RecordHead> head, FindHead(operation.id));
  if (head.has_value()) outcome.version = head->version;
  outcome.has_pending = true;
  {
    StatementRun reading(writer_.At(Query::kPendingRow));
    reading.BindInteger(operation.set).BindId(operation.id);
    DS_ASSIGN_OR_RETURN(const bool has_row, reading.Next());
    if (has_row && (!operation.renews || reading.Text(1) == "intent")) {
      outcome.status = WriteStatus::kAlreadyPending;
      outcome.stamp = reading.Integer(0);
      return outcome;
    }
  }
  outcome.status = WriteStatus::kEnqueued;
  outcome.stamp = DrawStamp();
  if (head.has_value()) {
    DS_RETURN_IF_ERROR(StatementRun(writer_.At(Query::kRaiseRecordStamp))
                           .BindInteger(outcome.stamp)
                           .BindId(operation.id)
                           .Run());
  }
  for (const ActiveSet& set : sets_) {
    // The other sets hold the record under its stamp of before.
    if (set.id != operation.set && !head.has_value()) continue;
    StatementRun putting(writer_.At(Query::kPutPending));
    putting.BindInteger(set.id).BindId(operation.id).BindInteger(outcome.stamp);
    putting.BindTime(now_).BindText(NameOf(operation.reason)).BindTime(now_);
    DS_RETURN_IF_ERROR(putting.Run());
  }
  return outcome;
}

}  // namespace datastorage::sqlite
