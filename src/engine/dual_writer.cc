#include "engine/dual_writer.h"

#include "engine/creation_draft.h"
#include "engine/failpoint.h"
#include "schema/embedded_text.h"

namespace datastorage {
DualWriter::DualWriter(Runtime& runtime,
                       RecordStore& store,
                       VectorSets& sets,
                       EmbeddingService* embedder,
                       Settler& settler,
                       Metrics& metrics,
                       const Options& options)
    : runtime_(runtime),
      sets_(sets),
      settler_(settler),
      metrics_(metrics),
      options_(options),
      slots_(runtime, options.wait_count_max),
      write_embedder_(runtime, embedder, slots_),
      index_writer_(store),
      committer_(runtime, store, metrics) {}

std::vector<Result<CommittedWrite>> DualWriter::Create(std::vector<CreateOp> operations,
                                                       CreateMode mode,
                                                       Deadline deadline) {
  deadline = DS_REQUEST_DEADLINE(deadline, runtime_);
  std::vector<Draft> drafts = Prepare(std::move(operations), mode.write, deadline);
  if (mode.write == WriteMode::kStrict && sets_.NeedsIntent()) {
    CreateStrictly(drafts, mode.commit, deadline);
  } else {
    CreateByDefault(drafts, mode.commit, deadline);
  }
  const bool has_live_set = sets_.Live().has_value();
  std::vector<Result<CommittedWrite>> committed;
  committed.reserve(drafts.size());
  for (const Draft& draft : drafts) {
    if (draft.result->has_value()) {
      committed.emplace_back(Committed(draft, has_live_set));
    } else {
      committed.emplace_back(draft.result->error());
    }
  }
  return committed;
}

// The record first, durable, and with it what says that its vector is still to be sent.
void DualWriter::CreateByDefault(std::span<Draft> drafts, CommitMode mode, Deadline deadline) {
  std::vector<RecordId> ids;
  if (sets_.NeedsEntry()) {
    for (const Draft& draft : drafts) ids.push_back(draft.id);
  }
  // Held by the commit too: a caller that gives up does not take it away.
  const auto unapplied = sets_.unapplied().Enter(std::move(ids));
  CommitRecords(drafts, mode, unapplied, deadline);  // T1: from here the records are safe
  const std::vector<Sent> sent = Send(drafts, WriteMode::kDefault, deadline);  // V
  if (LeaveRefused(sent, deadline) && IsEachKnown(drafts)) unapplied->Finish();
  Settle(sent);  // T2
}

// Nothing is stored unless every index took the vector first, under the stamp of an intent. Whoever
// takes the intent away, a relay after a crash or this writer after a failure, ends the attempt.
void DualWriter::CreateStrictly(std::span<Draft> drafts, CommitMode mode, Deadline deadline) {
  BeginIntents(drafts, mode, deadline);                                       // T0
  const std::vector<Sent> sent = Send(drafts, WriteMode::kStrict, deadline);  // V
  RefuseUnheld(drafts);
  CommitRecords(drafts, mode, nullptr, deadline);  // T1': the intent is still there, or nothing is
  AbortIntents(drafts);                            // of what was not created
  Settle(sent);                                    // T2
}

Result<CommittedWrite> DualWriter::Update(UpdateOp operation,
                                          bool has_new_text,
                                          Deadline deadline) {
  deadline = DS_REQUEST_DEADLINE(deadline, runtime_);
  const RecordId id = operation.id;
  const std::optional<std::string> text = schema::EmbeddedText(operation.body);
  if (text.has_value()) operation.text_hash = schema::EmbeddedTextHash(*text);
  if (text.has_value() && has_new_text) {
    TextToEmbed wanted{*text, std::nullopt, PendingReason::kNotYet};
    if (!DS_FAILPOINT(kBeforeEmbedding, id)) {
      write_embedder_.EmbedEach({&wanted, 1},
                                deadline.Within(options_.embed_budget, runtime_),
                                PatienceFor(WriteMode::kDefault, deadline));
    }
    operation.pending_reason = wanted.reason;
    if (wanted.embedding.has_value()) operation.embeddings.push_back(*std::move(wanted.embedding));
  }
  CommittedWrite write{{}, VectorState::kNone, operation.pending_reason};
  std::vector<RecordId> ids;
  if (sets_.NeedsEntry() && !operation.claims_only) ids.push_back(id);
  const auto unapplied = sets_.unapplied().Enter(std::move(ids));
  std::vector<WriteOp> operations;
  operations.emplace_back(std::move(operation));
  DS_ASSIGN_OR_RETURN(write.outcome,
                      committer_.CommitEach(std::move(operations), unapplied, deadline).front());
  if (write.outcome.status != WriteStatus::kUpdated) {
    unapplied->Finish();
    return write;
  }
  SendCurrent(write, text.has_value(), *unapplied, deadline);
  Count(write);
  return write;
}

Result<CommittedWrite> DualWriter::Erase(EraseOp operation, Deadline deadline) {
  deadline = DS_REQUEST_DEADLINE(deadline, runtime_);
  const RecordId id = operation.id;
  std::vector<WriteOp> operations;
  operations.emplace_back(std::move(operation));
  CommittedWrite write;
  DS_ASSIGN_OR_RETURN(write.outcome,
                      committer_.CommitEach(std::move(operations), nullptr, deadline).front());
  if (write.outcome.status != WriteStatus::kErasedNow) return write;
  const VectorWrite tombstone{id, write.outcome.stamp, std::nullopt, {}};
  for (const VectorPlace& place : sets_.Places()) {
    if (place.rules.is_written_with_record) continue;
    const Result<std::vector<ApplyResult>> results =
        SendTo(place, {&tombstone, 1}, WriteMode::kDefault, deadline);
    const bool is_held = results.has_value() && results->front().status == ApplyStatus::kApplied;
    if (is_held) settler_.Settle(place, {RowOf(place, id, tombstone.stamp)});
  }
  wake_relay_();
  return write;
}

// Sends the record as it is now, since the relay may have stored the embedding that the update
// lacks, and says in `write` whether the index that answers searches holds it.
void DualWriter::SendCurrent(CommittedWrite& write,
                             bool has_text,
                             UnappliedWrites::Entry& unapplied,
                             Deadline deadline) {
  const RecordId id = write.outcome.id;
  Result<std::vector<VectorWrite>> current = std::vector<VectorWrite>();
  bool is_embedded = !write.outcome.has_pending;  // Where the store writes all vectors itself.
  if (sets_.NeedsSending() || write.outcome.is_recovered) {
    current = index_writer_.ReadCurrent(sets_.Space(), {&id, 1}, deadline);
    is_embedded =
        current.has_value() && !current->empty() && current->front().embedding.has_value();
  }
  const bool is_there = current.has_value() && !current->empty();
  bool is_settled = true;
  for (const VectorPlace& place : sets_.Places()) {
    const bool is_sent = is_there && !place.rules.is_written_with_record;
    Result<std::vector<ApplyResult>> results;
    if (is_sent) results = SendTo(place, *current, WriteMode::kDefault, deadline);
    const bool is_held =
        place.rules.is_written_with_record ||
        (is_sent && results.has_value() && results->front().status == ApplyStatus::kApplied);
    if (!is_held && !place.HasRowPerWrite()) {
      is_settled = index_writer_.LeaveToRelay(place, {&id, 1}, deadline).has_value() && is_settled;
    }
    const bool is_whole = is_held && (is_embedded || !has_text);
    if (is_whole && place.HasRowPerWrite()) {
      settler_.Settle(place, {RowOf(place, id, current->front().stamp)});
    }
    if (!place.IsLive() || !has_text) continue;
    write.vector = is_whole ? VectorState::kSynced : VectorState::kPending;
    if (is_embedded && !is_held) write.reason = ReasonOf(place, results);
  }
  if (is_settled) unapplied.Finish();
}

CommittedWrite DualWriter::Committed(const Draft& draft, bool has_live_set) {
  CommittedWrite write{**draft.result, VectorState::kNone, draft.reason};
  if (!draft.IsCreated() || !has_live_set) return write;
  if (draft.text.has_value()) {
    write.vector = draft.is_held ? VectorState::kSynced : VectorState::kPending;
  }
  Count(write);
  return write;
}

void DualWriter::Count(const CommittedWrite& write) {
  if (write.vector == VectorState::kSynced) metrics_.Count(Metric::kDualWriteSuccess);
  if (write.vector != VectorState::kPending) return;
  metrics_.Count(Metric::kDualWriteFailure, {NameOf(write.reason)});
  metrics_.Count(Metric::kFallbackMode);
  wake_relay_();
}

}  // namespace datastorage
