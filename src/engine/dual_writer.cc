#include "engine/dual_writer.h"

#include "base/log.h"
#include "schema/embedded_text.h"
#include "schema/members.h"

namespace datastorage {
namespace {

PendingReason ReasonFor(ErrorCode code) {
  return code == ErrorCode::kResourceExhausted || code == ErrorCode::kDeadlineExceeded
             ? PendingReason::kEmbedderBusy
             : PendingReason::kEmbedderUnavailable;
}

VectorWrite VectorWriteOf(const CreateOp& operation, const WriteOutcome& outcome) {
  VectorWrite write{operation.id, outcome.stamp, std::nullopt, {}};
  if (!operation.embeddings.empty()) {
    write.embedding = operation.embeddings.front().vector;
    write.members = schema::FilterMembersOf(
        Record{operation.id, 1, outcome.stamp, operation.now, operation.now, operation.body});
  }
  return write;
}

}  // namespace

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

std::vector<Result<CommittedWrite>> DualWriter::CreateEach(std::vector<CreateOp> operations,
                                                           WriteMode mode,
                                                           Deadline deadline) {
  if (std::optional<Error> refusal = Prepare(operations, mode, deadline); refusal.has_value()) {
    return std::vector<Result<CommittedWrite>>(operations.size(), Result<CommittedWrite>(*refusal));
  }
  std::vector<RecordId> ids;
  for (const CreateOp& operation : operations) ids.push_back(operation.id);
  const UnappliedWrites::Scope unapplied(sets_.unapplied(), ids);

  const std::vector<Result<WriteOutcome>> outcomes =
      committer_.CommitEach({operations.begin(), operations.end()}, deadline);
  // From here the records are safe. Whatever fails is the relay's to finish.
  const bool is_applied = ApplyCreated(operations, outcomes, deadline);

  std::vector<Result<CommittedWrite>> committed;
  for (std::size_t i = 0; i < operations.size(); ++i) {
    if (!outcomes[i].has_value()) {
      committed.emplace_back(outcomes[i].error());
      continue;
    }
    committed.emplace_back(CommittedCreation(operations[i], *outcomes[i], is_applied));
  }
  return committed;
}

Result<std::vector<CommittedWrite>> DualWriter::CreateAll(std::vector<CreateOp> operations,
                                                          WriteMode mode,
                                                          Deadline deadline) {
  if (std::optional<Error> refusal = Prepare(operations, mode, deadline); refusal.has_value()) {
    return *refusal;
  }
  std::vector<RecordId> ids;
  for (const CreateOp& operation : operations) ids.push_back(operation.id);
  const UnappliedWrites::Scope unapplied(sets_.unapplied(), ids);

  const std::vector<WriteOp> span(operations.begin(), operations.end());
  DS_ASSIGN_OR_RETURN(const std::vector<WriteOutcome> outcomes,
                      store_.Commit(span, CommitMode::kAllOrNothing, deadline));
  const std::vector<Result<WriteOutcome>> results(outcomes.begin(), outcomes.end());
  const bool is_applied = ApplyCreated(operations, results, deadline);

  std::vector<CommittedWrite> committed;
  for (std::size_t i = 0; i < operations.size(); ++i) {
    committed.push_back(CommittedCreation(operations[i], outcomes[i], is_applied));
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
  const UnappliedWrites::Scope unapplied(sets_.unapplied(), {id});

  std::vector<WriteOp> operations;
  operations.emplace_back(std::move(operation));
  DS_ASSIGN_OR_RETURN(const WriteOutcome outcome,
                      committer_.CommitEach(std::move(operations), deadline).front());
  if (outcome.status == WriteStatus::kUpdated) {
    // Read back, since the relay may have stored the embedding that this update lacks.
    const Result<void> applied = index_writer_.ApplyCurrent({&id, 1}, deadline);
    if (!applied.has_value()) {
      const Result<void> left =
          index_writer_.LeaveToRelay({&id, 1}, PendingReason::kVectorStoreUnavailable, deadline);
      if (!left.has_value()) {
        Log(LogLevel::kError,
            "an update is in no index and has no pending row",
            {{"code", NameOf(left.error().code)}});
      }
    }
  }
  return Committed(outcome, has_text, reason);
}

std::optional<Error> DualWriter::Prepare(std::span<CreateOp> operations,
                                         WriteMode mode,
                                         Deadline deadline) {
  std::vector<std::string> texts;
  std::vector<CreateOp*> owners;
  for (CreateOp& operation : operations) {
    std::optional<std::string> text = schema::EmbeddedText(operation.body);
    if (!text.has_value()) continue;
    operation.text_hash = schema::EmbeddedTextHash(*text);
    texts.push_back(*std::move(text));
    owners.push_back(&operation);
  }
  if (embedder_ == nullptr || texts.empty()) return std::nullopt;

  const bool is_strict = mode == WriteMode::kStrict;
  const Deadline wait = is_strict ? deadline : deadline.Within(options_.embed_budget, runtime_);
  std::vector<std::optional<SpacedEmbedding>> embeddings(texts.size());
  PendingReason reason = PendingReason::kNotYet;
  Embed(texts, embeddings, reason, wait);
  for (std::size_t i = 0; i < owners.size(); ++i) {
    if (embeddings[i].has_value()) {
      owners[i]->embeddings.push_back(*std::move(embeddings[i]));
    } else if (is_strict) {
      return Unavailable("the embedding was not ready in time");
    } else {
      owners[i]->pending_reason = reason;
    }
  }
  return std::nullopt;
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

bool DualWriter::ApplyCreated(std::span<const CreateOp> operations,
                              std::span<const Result<WriteOutcome>> outcomes,
                              Deadline deadline) {
  std::vector<VectorWrite> writes;
  std::vector<RecordId> ids;
  for (std::size_t i = 0; i < operations.size(); ++i) {
    const bool is_created = outcomes[i].has_value() && outcomes[i]->status == WriteStatus::kCreated;
    if (!is_created || operations[i].embeddings.empty()) continue;
    writes.push_back(VectorWriteOf(operations[i], *outcomes[i]));
    ids.push_back(operations[i].id);
  }
  if (index_writer_.Apply(writes, deadline).has_value()) return true;
  const Result<void> left =
      index_writer_.LeaveToRelay(ids, PendingReason::kVectorStoreUnavailable, deadline);
  if (!left.has_value()) {
    Log(LogLevel::kError,
        "records are in no index and have no pending row",
        {{"count", static_cast<std::int64_t>(ids.size())}, {"code", NameOf(left.error().code)}});
  }
  wake_relay_();
  return false;
}

CommittedWrite DualWriter::CommittedCreation(const CreateOp& operation,
                                             WriteOutcome outcome,
                                             bool is_applied) {
  if (is_applied || operation.embeddings.empty()) {
    return Committed(outcome, operation.text_hash.has_value(), operation.pending_reason);
  }
  outcome.has_pending = true;
  return Committed(outcome, true, PendingReason::kVectorStoreUnavailable);
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
