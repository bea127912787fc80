// Changes of a record that is there: update and erasure.
#include <algorithm>

#include "base/check.h"
#include "schema/record_json.h"
#include "schema/search_words.h"
#include "sqlite/commit_run.h"
#include "sqlite/natural_key_hash.h"
#include "sqlite/record_rows.h"

namespace datastorage::sqlite {
namespace {

void BindTexts(StatementRun& execution, const schema::IndexedTexts& indexed) {
  for (const std::string_view text : indexed.texts) execution.BindText(text);
  execution.BindText(indexed.name_parts);
}

}  // namespace

// Intents are no records: neither update nor erasure finds them.
Result<WriteOutcome> CommitRun::NotThere(RecordId id) {
  DS_ASSIGN_OR_RETURN(const Verdict used, CheckId(id));
  if (used.has_value() && used->status == WriteStatus::kErased) return *used;
  return WriteOutcome{.status = WriteStatus::kNotFound, .id = id};
}

Result<RecordBody> CommitRun::ReadBody(const RecordHead& head) {
  StatementRun reading(writer_.At(Query::kRecordBody));
  DS_RETURN_IF_ERROR(reading.BindInteger(head.no).Next());
  return schema::BodyFromStoredText(head.kind, reading.Text(0));
}

// nullptr: no such content.
Result<void> CommitRun::ReplaceTexts(std::int64_t no,
                                     const RecordBody* before,
                                     const RecordBody* after) {
  const schema::IndexedTexts old_texts =
      before != nullptr ? schema::IndexedTextsOf(*before) : schema::IndexedTexts();
  const schema::IndexedTexts new_texts =
      after != nullptr ? schema::IndexedTextsOf(*after) : schema::IndexedTexts();
  if (before != nullptr && after != nullptr && old_texts == new_texts) return {};
  if (before != nullptr) {
    StatementRun deleting(writer_.At(Query::kDeleteText));
    BindTexts(deleting.BindInteger(no), old_texts);
    DS_RETURN_IF_ERROR(deleting.Run());
  }
  // A record without texts has an entry too: the index's own integrity check counts on it.
  if (after == nullptr) return {};
  StatementRun inserting(writer_.At(Query::kInsertText));
  BindTexts(inserting.BindInteger(no), new_texts);
  DS_RETURN_IF_ERROR(inserting.Run());
  return {};
}

Result<WriteOutcome> CommitRun::Do(const UpdateOp& operation) {
  DS_ASSIGN_OR_RETURN(const Verdict claimed, CheckClaim(operation.claim, operation.now));
  if (claimed.has_value()) return *claimed;
  DS_ASSIGN_OR_RETURN(const std::optional<RecordHead> head, FindHead(operation.id));
  if (!head.has_value()) return NotThere(operation.id);
  WriteOutcome outcome{.status = WriteStatus::kStale,
                       .id = operation.id,
                       .version = head->version,
                       .stamp = head->stamp};
  if (head->version != operation.expected_version) return outcome;
  if (operation.claims_only) {
    outcome.status = WriteStatus::kExisting;
    DS_RETURN_IF_ERROR(Claim(operation.claim, 200, outcome, operation.now));
    return outcome;
  }

  outcome = {.status = WriteStatus::kUpdated,
             .id = operation.id,
             .version = head->version + 1,
             .stamp = DrawStamp()};
  DS_RETURN_IF_ERROR(ReplaceContent(operation, *head, outcome.stamp));
  PendingChange change{.id = operation.id,
                       .stamp = outcome.stamp,
                       .now = operation.now,
                       .reason = operation.pending_reason,
                       .has_text = operation.text_hash.has_value(),
                       .had_text = head->text_hash.has_value()};
  {
    StatementRun spaces(writer_.At(Query::kEmbeddedSpaces));
    spaces.BindId(operation.id);
    while (true) {
      DS_ASSIGN_OR_RETURN(const bool has_row, spaces.Next());
      if (!has_row) break;
      change.spaces.emplace_back(spaces.Text(0));
    }
  }
  DS_ASSIGN_OR_RETURN(outcome.has_pending, LeavePending(change));
  DS_RETURN_IF_ERROR(Claim(operation.claim, 200, outcome, operation.now));
  return outcome;
}

Result<void> CommitRun::ReplaceContent(const UpdateOp& operation,
                                       const RecordHead& head,
                                       Stamp stamp) {
  DS_ASSIGN_OR_RETURN(const RecordBody before, ReadBody(head));
  DS_CHECK(KindOf(before) == KindOf(operation.body));
  DS_CHECK(NaturalKeyOf(before) == NaturalKeyOf(operation.body));
  DS_RETURN_IF_ERROR(
      StatementRun(writer_.At(Query::kKeepRecordVersion)).BindInteger(head.no).Run());
  const std::string body = schema::BodyToStoredText(operation.body);
  const schema::IndexedTexts texts = schema::IndexedTextsOf(operation.body);
  {
    StatementRun updating(writer_.At(Query::kUpdateRecord));
    updating.BindInteger(head.version + 1).BindInteger(stamp).BindId(operation.attempt);
    updating.BindHash(operation.text_hash).BindTime(operation.now).BindText(texts.name_parts);
    updating.BindText(body);
    BindMembers(updating, 8, operation.body);
    DS_RETURN_IF_ERROR(updating.BindInteger(head.no).Run());
  }
  DS_RETURN_IF_ERROR(ReplaceTexts(head.no, &before, &operation.body));
  if (head.text_hash != operation.text_hash) {
    StatementRun dropping(writer_.At(Query::kDeleteStaleEmbeddings));
    DS_RETURN_IF_ERROR(dropping.BindId(operation.id).BindHash(operation.text_hash).Run());
  }
  for (const SpacedEmbedding& embedding : operation.embeddings) {
    DS_CHECK(embedding.text_hash == operation.text_hash);
    DS_RETURN_IF_ERROR(PutEmbedding(operation.id, embedding, stamp));
  }
  return {};
}

Result<WriteOutcome> CommitRun::Do(const EraseOp& operation) {
  DS_ASSIGN_OR_RETURN(const std::optional<RecordHead> head, FindHead(operation.id));
  if (!head.has_value()) return NotThere(operation.id);
  DS_ASSIGN_OR_RETURN(const RecordBody body, ReadBody(*head));
  WriteOutcome outcome{.status = WriteStatus::kErasedNow,
                       .id = operation.id,
                       .version = head->version,
                       .stamp = DrawStamp()};
  has_erased_ = true;
  const std::string_view kind = NameOf(head->kind);
  const std::string& key = NaturalKeyOf(body);
  DS_RETURN_IF_ERROR(ReplaceTexts(head->no, &body, nullptr));
  DS_RETURN_IF_ERROR(NoteErasure(operation, *head, outcome.stamp));
  for (const Query query : {Query::kDeleteEmbeddings, Query::kDeleteRecordVersions}) {
    DS_RETURN_IF_ERROR(StatementRun(writer_.At(query)).BindId(operation.id).Run());
  }
  DS_RETURN_IF_ERROR(StatementRun(writer_.At(Query::kDeleteRecord)).BindInteger(head->no).Run());
  DS_RETURN_IF_ERROR(
      StatementRun(writer_.At(Query::kDeleteNaturalKey)).BindText(kind).BindText(key).Run());
  const Sha256 key_hash = NaturalKeyHash(head->kind, key);
  DS_RETURN_IF_ERROR(StatementRun(writer_.At(Query::kInsertErasedKey))
                         .BindBlob(key_hash)
                         .BindId(operation.id)
                         .Run());
  // Wherever vectors are kept, one may be there: the relay puts a tombstone in its place.
  DS_ASSIGN_OR_RETURN(outcome.has_pending,
                      LeavePending({.id = operation.id,
                                    .stamp = outcome.stamp,
                                    .now = operation.now,
                                    .is_erasure = true,
                                    .had_text = head->text_hash.has_value()}));
  return outcome;
}

Result<void> CommitRun::NoteErasure(const EraseOp& operation, const RecordHead& head, Stamp stamp) {
  StatementRun noting(writer_.At(Query::kInsertErasure));
  noting.BindId(operation.id).BindText(NameOf(head.kind)).BindInteger(head.version);
  noting.BindInteger(stamp).BindId(operation.attempt).BindTime(operation.now);
  DS_RETURN_IF_ERROR(noting.BindText(operation.actor).BindText(operation.why).Run());
  // Whose answer was lost can still learn that it committed.
  StatementRun keeping(writer_.At(Query::kKeepErasedAttempts));
  DS_RETURN_IF_ERROR(keeping.BindId(operation.id).BindId(operation.id).Run());
  return {};
}

}  // namespace datastorage::sqlite
