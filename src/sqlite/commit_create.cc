// Creation, whole or as the last step of an intent.
#include "base/check.h"
#include "schema/record_json.h"
#include "schema/search_words.h"
#include "sqlite/commit_run.h"
#include "sqlite/record_rows.h"

namespace datastorage::sqlite {

Result<WriteOutcome> CommitRun::Do(const CreateOp& operation) {
  if (operation.consumes_intent.has_value()) return FinishIntent(operation);
  const RecordKind kind = KindOf(operation.body);
  const std::string& key = NaturalKeyOf(operation.body);
  DS_ASSIGN_OR_RETURN(const Verdict verdict, CheckCreation(operation, kind, key));
  if (verdict.has_value()) return *verdict;

  {
    StatementRun naming(writer_.At(Query::kInsertNaturalKey));
    naming.BindText(NameOf(kind)).BindText(key).BindId(operation.id).BindNull();
    DS_RETURN_IF_ERROR(naming.Run());
  }
  DS_ASSIGN_OR_RETURN(const WriteOutcome outcome, StoreRecord(operation, DrawStamp()));
  DS_RETURN_IF_ERROR(Claim(operation.claim, 201, outcome, operation.now));
  return outcome;
}

// Every set that is not retired has one, also a set that came since the intent began.
Result<bool> CommitRun::OwnsItsIntentRows(RecordId id, Stamp stamp) {
  for (const ActiveSet& set : sets_) {
    StatementRun reading(writer_.At(Query::kPendingRow));
    DS_ASSIGN_OR_RETURN(const bool has_row, reading.BindInteger(set.id).BindId(id).Next());
    if (!has_row || reading.Integer(0) != stamp || reading.Text(1) != "intent") return false;
  }
  return true;
}

// The claims were checked when the intent began, and are its own while it stands.
Result<WriteOutcome> CommitRun::FinishIntent(const CreateOp& operation) {
  DS_ASSIGN_OR_RETURN(const std::optional<Intent> intent, FindIntent(operation.id));
  const WriteOutcome fenced{.status = WriteStatus::kFenced, .id = operation.id};
  if (!intent.has_value() || intent->stamp != *operation.consumes_intent) return fenced;
  DS_ASSIGN_OR_RETURN(const bool owns_rows, OwnsItsIntentRows(operation.id, intent->stamp));
  if (!owns_rows) return fenced;
  DS_CHECK(intent->kind == NameOf(KindOf(operation.body)));
  DS_CHECK(intent->key == NaturalKeyOf(operation.body));
  DS_RETURN_IF_ERROR(StatementRun(writer_.At(Query::kFinishNaturalKey))
                         .BindText(intent->kind)
                         .BindText(intent->key)
                         .Run());
  DS_RETURN_IF_ERROR(
      StatementRun(writer_.At(Query::kFinishIntentClaims)).BindId(operation.id).Run());
  return StoreRecord(operation, intent->stamp);
}

Result<WriteOutcome> CommitRun::StoreRecord(const CreateOp& operation, Stamp stamp) {
  const std::string body = schema::BodyToStoredText(operation.body);
  const schema::IndexedTexts texts = schema::IndexedTextsOf(operation.body);
  {
    StatementRun inserting(writer_.At(Query::kInsertRecord));
    inserting.BindId(operation.id).BindText(NameOf(KindOf(operation.body))).BindInteger(1);
    inserting.BindInteger(stamp).BindId(operation.attempt).BindBlob(operation.content_hash);
    inserting.BindHash(operation.text_hash).BindTime(operation.now).BindTime(operation.now);
    inserting.BindText(texts.name_parts).BindText(body);
    BindMembers(inserting, 12, operation.body);
    DS_RETURN_IF_ERROR(inserting.Run());
  }
  DS_RETURN_IF_ERROR(ReplaceTexts(writer_.LastRow(), nullptr, &operation.body));
  PendingChange change{.id = operation.id,
                       .stamp = stamp,
                       .now = operation.now,
                       .reason = operation.pending_reason,
                       .has_text = operation.text_hash.has_value()};
  for (const SpacedEmbedding& embedding : operation.embeddings) {
    DS_CHECK(embedding.text_hash == operation.text_hash);
    DS_RETURN_IF_ERROR(PutEmbedding(operation.id, embedding, stamp));
    change.spaces.push_back(embedding.space);
  }
  WriteOutcome outcome{
      .status = WriteStatus::kCreated, .id = operation.id, .version = 1, .stamp = stamp};
  DS_ASSIGN_OR_RETURN(outcome.has_pending, LeavePending(change));
  return outcome;
}

}  // namespace datastorage::sqlite
