#include "engine/dual_writer.h"

#include "schema/embedded_text.h"
#include "schema/members.h"

namespace datastorage {
namespace {

PendingReason ReasonFor(ErrorCode code) {
  return code == ErrorCode::kResourceExhausted || code == ErrorCode::kDeadlineExceeded
             ? PendingReason::kEmbedderBusy
             : PendingReason::kEmbedderUnavailable;
}

// What the index takes once the creation is committed, but for the stamp.
VectorWrite VectorWriteOf(CreateOp& operation) {
  VectorWrite write{operation.id, 0, std::nullopt, {}};
  if (operation.embeddings.empty()) return write;
  write.embedding = operation.embeddings.front().vector;
  // Lent to a record and taken back, since a body may be large.
  Record record{operation.id, 1, 0, operation.now, operation.now, std::move(operation.body)};
  write.members = schema::FilterMembersOf(record);
  operation.body = std::move(record.body);
  return write;
}

}  // namespace

// A creation on its way.
struct DualWriter::Draft {
  CreateOp operation;  // Empty once it is handed to the commit.
  RecordId id;
  std::optional<std::string> text;
  PendingReason reason = PendingReason::kNotYet;
  VectorWrite vector;
  std::optional<Result<WriteOutcome>> result;  // Before the commit: a refusal.
};

// One of the few places for requests that wait for embeddings, so that a slow model holds at most
// that many workers.
class DualWriter::WaitSlot {
 public:
  explicit WaitSlot(DualWriter& writer) : writer_(writer) {
    const MutexLock lock(writer_.mutex_);
    is_held_ = writer_.waiting_count_ < writer_.options_.embed_wait_count_max;
    if (is_held_) ++writer_.waiting_count_;
  }
  ~WaitSlot() {
    const MutexLock lock(writer_.mutex_);
    if (is_held_) --writer_.waiting_count_;
  }
  WaitSlot(const WaitSlot&) = delete;
  WaitSlot& operator=(const WaitSlot&) = delete;
  bool is_held() const { return is_held_; }

 private:
  DualWriter& writer_;
  bool is_held_ = false;
};

DualWriter::DualWriter(Runtime& runtime,
                       RecordStore& store,
                       VectorSets& sets,
                       EmbeddingService* embedder,
                       Metrics& metrics,
                       const Options& options)
    : runtime_(runtime),
      store_(store),
      sets_(sets),
      embedder_(embedder),
      metrics_(metrics),
      options_(options),
      index_writer_(store, sets),
      committer_(runtime, store, metrics),
      mutex_(runtime) {}

std::vector<Result<CommittedWrite>> DualWriter::Create(std::vector<CreateOp> operations,
                                                       CreateMode mode,
                                                       Deadline deadline) {
  std::vector<Draft> drafts = Prepare(std::move(operations), mode.write, deadline);
  std::vector<RecordId> ids;
  ids.reserve(drafts.size());
  for (const Draft& draft : drafts) ids.push_back(draft.id);
  // Held by the commit too: a caller that gives up does not take it away.
  const auto entry = sets_.unapplied().Enter(std::move(ids));
  Commit(drafts, mode.commit, entry, deadline);
  // From here the records are safe. Whatever fails is the relay's to finish.
  Apply(drafts, *entry, deadline);

  std::vector<Result<CommittedWrite>> committed;
  for (const Draft& draft : drafts) {
    if (draft.result->has_value()) {
      committed.emplace_back(Committed(**draft.result, draft.text.has_value(), draft.reason));
    } else {
      committed.emplace_back(draft.result->error());
    }
  }
  return committed;
}

Result<CommittedWrite> DualWriter::Update(UpdateOp operation,
                                          bool has_new_text,
                                          Deadline deadline) {
  const RecordId id = operation.id;
  const std::optional<std::string> text = schema::EmbeddedText(operation.body);
  if (text.has_value()) operation.text_hash = schema::EmbeddedTextHash(*text);
  if (text.has_value() && has_new_text) {
    std::optional<SpacedEmbedding> embedding;
    Embed({&*text, 1},
          {&embedding, 1},
          operation.pending_reason,
          deadline.Within(options_.embed_budget, runtime_));
    if (embedding.has_value()) operation.embeddings.push_back(*std::move(embedding));
  }
  const bool has_text = text.has_value();
  const PendingReason reason = operation.pending_reason;
  const auto entry = sets_.unapplied().Enter({id});

  std::vector<WriteOp> operations;
  operations.emplace_back(std::move(operation));
  DS_ASSIGN_OR_RETURN(const WriteOutcome outcome,
                      committer_.CommitEach(std::move(operations), entry, deadline).front());
  if (outcome.status != WriteStatus::kUpdated) {
    entry->Finish();
    return Committed(outcome, has_text, reason);
  }
  // Read back, since the relay may have stored the embedding that this update lacks.
  if (index_writer_.ApplyCurrent({&id, 1}, deadline).has_value() ||
      index_writer_.LeaveToRelay({&id, 1}, PendingReason::kVectorStoreUnavailable, deadline)
          .has_value()) {
    entry->Finish();
  }
  return Committed(outcome, has_text, reason);
}

std::vector<DualWriter::Draft> DualWriter::Prepare(std::vector<CreateOp> operations,
                                                   WriteMode mode,
                                                   Deadline deadline) {
  std::vector<Draft> drafts;
  drafts.reserve(operations.size());
  for (CreateOp& operation : operations) {
    Draft& draft = drafts.emplace_back();
    draft.operation = std::move(operation);
    draft.id = draft.operation.id;
    draft.text = schema::EmbeddedText(draft.operation.body);
    if (draft.text.has_value()) {
      draft.operation.text_hash = schema::EmbeddedTextHash(*draft.text);
    }
  }
  EmbedEach(drafts, mode, deadline);
  for (Draft& draft : drafts) draft.vector = VectorWriteOf(draft.operation);
  return drafts;
}

void DualWriter::EmbedEach(std::span<Draft> drafts, WriteMode mode, Deadline deadline) {
  std::vector<std::string> texts;
  std::vector<Draft*> owners;
  for (Draft& draft : drafts) {
    if (!draft.text.has_value()) continue;
    texts.push_back(*draft.text);
    owners.push_back(&draft);
  }
  if (embedder_ == nullptr || texts.empty()) return;
  const bool is_strict = mode == WriteMode::kStrict;
  std::vector<std::optional<SpacedEmbedding>> embeddings(texts.size());
  PendingReason reason = PendingReason::kNotYet;
  Embed(texts,
        embeddings,
        reason,
        is_strict ? deadline : deadline.Within(options_.embed_budget, runtime_));
  for (std::size_t i = 0; i < owners.size(); ++i) {
    if (embeddings[i].has_value()) {
      owners[i]->operation.embeddings.push_back(*std::move(embeddings[i]));
      continue;
    }
    owners[i]->operation.pending_reason = owners[i]->reason = reason;
    if (is_strict) {
      owners[i]->result = Result<WriteOutcome>(Unavailable("the embedding was not ready in time"));
    }
  }
}

// `reason` is set when any text is left without a vector.
void DualWriter::Embed(std::span<const std::string> texts,
                       std::span<std::optional<SpacedEmbedding>> out,
                       PendingReason& reason,
                       Deadline deadline) {
  if (embedder_ == nullptr) return;
  const WaitSlot slot(*this);
  // Without a slot only the cache answers; the texts are queued all the same.
  const Deadline wait = slot.is_held() ? deadline : Deadline::At(runtime_.Now());
  const std::vector<std::string_view> views(texts.begin(), texts.end());
  std::vector<Result<Embedding>> vectors =
      embedder_->EmbedEach(views, EmbeddingPriority::kWrite, wait);
  for (std::size_t i = 0; i < texts.size(); ++i) {
    if (vectors[i].has_value()) {
      out[i] = SpacedEmbedding{embedder_->Space(), schema::EmbeddedTextHash(texts[i]), *vectors[i]};
    } else {
      reason = ReasonFor(vectors[i].error().code);
    }
  }
}

// Gives every draft its result.
void DualWriter::Commit(std::span<Draft> drafts,
                        CommitMode mode,
                        const std::shared_ptr<UnappliedWrites::Entry>& entry,
                        Deadline deadline) {
  std::vector<Draft*> owners;
  std::optional<Error> refusal;
  for (Draft& draft : drafts) {
    if (!draft.result.has_value()) {
      owners.push_back(&draft);
    } else if (!draft.result->has_value()) {
      refusal = draft.result->error();
    }
  }
  if (mode == CommitMode::kAllOrNothing && refusal.has_value()) {
    for (Draft& draft : drafts) draft.result = Result<WriteOutcome>(*refusal);
    return;
  }
  std::vector<WriteOp> operations;
  operations.reserve(owners.size());
  for (Draft* owner : owners) operations.emplace_back(std::move(owner->operation));
  std::vector<Result<WriteOutcome>> results =
      mode == CommitMode::kAllOrNothing
          ? committer_.CommitAll(operations, deadline)
          : committer_.CommitEach(std::move(operations), entry, deadline);
  for (std::size_t i = 0; i < owners.size(); ++i) owners[i]->result = std::move(results[i]);
}

// Brings what was created into the index, or leaves it to the relay.
void DualWriter::Apply(std::span<Draft> drafts, UnappliedWrites::Entry& entry, Deadline deadline) {
  std::vector<VectorWrite> writes;
  std::vector<RecordId> ids;
  std::vector<Draft*> owners;
  bool is_known = true;
  for (Draft& draft : drafts) {
    Result<WriteOutcome>& result = *draft.result;
    if (!result.has_value()) {
      is_known = is_known && result.error().code != ErrorCode::kOutcomeUnknown;
    } else if (result->status == WriteStatus::kCreated && draft.vector.embedding.has_value()) {
      draft.vector.stamp = result->stamp;
      writes.push_back(std::move(draft.vector));
      ids.push_back(draft.id);
      owners.push_back(&draft);
    }
  }
  bool is_settled = index_writer_.Apply(writes, deadline).has_value();
  if (!is_settled) {
    is_settled = index_writer_.LeaveToRelay(ids, PendingReason::kVectorStoreUnavailable, deadline)
                     .has_value();
    for (Draft* owner : owners) {
      (*owner->result)->has_pending = true;
      owner->reason = PendingReason::kVectorStoreUnavailable;
    }
  }
  if (is_settled && is_known) entry.Finish();
}

CommittedWrite DualWriter::Committed(const WriteOutcome& outcome,
                                     bool has_text,
                                     PendingReason reason) {
  CommittedWrite write{outcome, VectorState::kNone, reason};
  const bool is_new =
      outcome.status == WriteStatus::kCreated || outcome.status == WriteStatus::kUpdated;
  if (!is_new || !sets_.Live().has_value()) return write;
  if (has_text) {
    write.vector = outcome.has_pending ? VectorState::kPending : VectorState::kSynced;
  }
  Count(write);
  if (outcome.has_pending) wake_relay_();
  return write;
}

void DualWriter::Count(const CommittedWrite& write) {
  if (write.vector == VectorState::kSynced) metrics_.Count(Metric::kDualWriteSuccess);
  if (write.vector == VectorState::kPending) {
    metrics_.Count(Metric::kDualWriteFailure, {NameOf(write.reason)});
    metrics_.Count(Metric::kFallbackMode);
  }
}

}  // namespace datastorage
