// The steps of DualWriter's creations; the order in which they are taken is in dual_writer.cc.
#include <algorithm>

#include "engine/creation_draft.h"
#include "engine/failpoint.h"
#include "engine/mutant.h"
#include "schema/embedded_text.h"
#include "schema/members.h"

namespace datastorage {
namespace {

constexpr Duration kLeaseAfterDeadline = std::chrono::seconds(1);

// What an abort may take after its request's own time is up.
constexpr Duration kAbortTimeout = std::chrono::seconds(2);

bool IsUnknown(const Result<WriteOutcome>& result) {
  return !result.has_value() && result.error().code == ErrorCode::kOutcomeUnknown;
}

// What an index takes of the creation, but for the stamp.
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

std::vector<DualWriter::Draft> DualWriter::Prepare(std::vector<CreateOp> operations,
                                                   WriteMode mode,
                                                   Deadline deadline) {
  std::vector<Draft> drafts;
  drafts.reserve(operations.size());
  for (CreateOp& operation : operations) {
    Draft& draft = drafts.emplace_back();
    draft.operation = std::move(operation);
    draft.id = draft.operation.id;
    DS_FAILPOINT_NAMES(draft.id, NaturalKeyOf(draft.operation.body));
    draft.text = schema::EmbeddedText(draft.operation.body);
    if (draft.text.has_value()) {
      draft.operation.text_hash = schema::EmbeddedTextHash(*draft.text);
    }
  }
  EmbedEach(drafts, mode, deadline);
  const bool is_sent = sets_.NeedsSending();
  for (Draft& draft : drafts) {
    draft.is_embedded = !draft.operation.embeddings.empty();
    if (is_sent) draft.vector = VectorWriteOf(draft.operation);
  }
  return drafts;
}

void DualWriter::EmbedEach(std::span<Draft> drafts, WriteMode mode, Deadline deadline) {
  if (sets_.Space().empty()) return;
  std::vector<TextToEmbed> texts;
  std::vector<Draft*> owners;
  for (Draft& draft : drafts) {
    if (!draft.text.has_value()) continue;
    texts.push_back({*draft.text, std::nullopt, PendingReason::kNotYet});
    owners.push_back(&draft);
  }
  const bool is_strict = mode == WriteMode::kStrict;
  if (!DS_FAILPOINT(kBeforeEmbedding, drafts)) {
    const Deadline wait = is_strict ? deadline : deadline.Within(options_.embed_budget, runtime_);
    write_embedder_.EmbedEach(texts, wait, PatienceFor(mode, wait));
  }
  for (std::size_t i = 0; i < owners.size(); ++i) {
    Draft& draft = *owners[i];
    if (texts[i].embedding.has_value()) {
      draft.operation.embeddings.push_back(*std::move(texts[i].embedding));
      continue;
    }
    draft.operation.pending_reason = draft.reason = texts[i].reason;
    if (is_strict) {
      draft.result = Result<WriteOutcome>(Unavailable("the embedding was not ready in time"));
    }
  }
}

// Gives each draft an intent, or its result.
void DualWriter::BeginIntents(std::span<Draft> drafts, CommitMode mode, Deadline deadline) {
  const std::vector<Draft*> owners = Undecided(drafts, mode);
  const WallTime now = runtime_.WallNow();
  // Nobody waits for what is not done by then.
  const Duration lease =
      std::min(options_.intent_lease, deadline.Remaining(runtime_) + kLeaseAfterDeadline);
  std::vector<WriteOp> operations;
  operations.reserve(owners.size());
  for (const Draft* owner : owners) {
    const CreateOp& create = owner->operation;
    operations.emplace_back(BeginIntentOp{create.id,
                                          KindOf(create.body),
                                          std::string(NaturalKeyOf(create.body)),
                                          create.content_hash,
                                          create.claim,
                                          now,
                                          now + lease});
  }
  std::vector<Result<WriteOutcome>> results =
      CommitInMode(std::move(operations), mode, nullptr, deadline);
  for (std::size_t i = 0; i < owners.size(); ++i) {
    Draft& draft = *owners[i];
    if (!results[i].has_value()) {
      // Also when the answer was lost: a record needs a second commit, which nobody will send.
      draft.result = Result<WriteOutcome>(Unavailable("the store did not take the intent"));
      continue;
    }
    if (results[i]->status == WriteStatus::kIntentBegun) {
      draft.intent = draft.vector.stamp = results[i]->stamp;
    } else {
      draft.result = std::move(results[i]);
    }
  }
}

// Gives every draft its result.
void DualWriter::CommitRecords(std::span<Draft> drafts,
                               CommitMode mode,
                               const std::shared_ptr<void>& held,
                               Deadline deadline) {
  const std::vector<Draft*> owners = Undecided(drafts, mode);
  if (DS_MUTANT(kOriginalOrder)) {
    for (Draft* owner : owners) owner->vector.stamp = 1;
    Send(drafts, WriteMode::kDefault, deadline);
  }
  std::vector<WriteOp> operations;
  operations.reserve(owners.size());
  for (Draft* owner : owners) {
    owner->operation.consumes_intent = owner->intent;
    operations.emplace_back(std::move(owner->operation));
  }
  std::vector<Result<WriteOutcome>> results =
      CommitInMode(std::move(operations), mode, held, deadline);
  for (std::size_t i = 0; i < owners.size(); ++i) {
    Draft& draft = *owners[i];
    draft.result = std::move(results[i]);
    // A stamp that was found out later may stand for other content by now.
    if (draft.IsCreated() && !(*draft.result)->is_recovered) {
      draft.vector.stamp = (*draft.result)->stamp;
    }
    const bool is_fenced = draft.intent.has_value() && draft.result->has_value() &&
                           (*draft.result)->status != WriteStatus::kCreated;
    if (is_fenced) {
      draft.result = Result<WriteOutcome>(Unavailable("the write took too long and was ended"));
    }
  }
}

// The drafts without a result. All together, one that failed is everybody's result.
std::vector<DualWriter::Draft*> DualWriter::Undecided(std::span<Draft> drafts, CommitMode mode) {
  std::vector<Draft*> undecided;
  std::optional<Error> failure;
  for (Draft& draft : drafts) {
    if (!draft.result.has_value()) {
      undecided.push_back(&draft);
    } else if (!draft.result->has_value()) {
      failure = draft.result->error();
    }
  }
  if (mode == CommitMode::kEachForItself || !failure.has_value()) return undecided;
  for (Draft& draft : drafts) draft.result = Result<WriteOutcome>(*failure);
  return {};
}

std::vector<Result<WriteOutcome>> DualWriter::CommitInMode(std::vector<WriteOp> operations,
                                                           CommitMode mode,
                                                           const std::shared_ptr<void>& held,
                                                           Deadline deadline) {
  if (operations.empty()) return {};
  return mode == CommitMode::kAllOrNothing
             ? committer_.CommitAll(operations, deadline)
             : committer_.CommitEach(std::move(operations), held, deadline);
}

// Sends what has a stamp to every index.
std::vector<DualWriter::Sent> DualWriter::Send(std::span<Draft> drafts,
                                               WriteMode mode,
                                               Deadline deadline) {
  const std::vector<VectorPlace> places = sets_.Places();
  for (const VectorPlace& place : places) {
    if (!place.IsLive() || !place.rules.is_written_with_record) continue;
    for (Draft& draft : drafts) draft.is_held = draft.is_embedded;  // Wherever its record is.
  }
  std::vector<Draft*> owners;
  std::vector<VectorWrite> writes;
  for (Draft& draft : drafts) {
    if (!draft.IsSendable()) continue;
    owners.push_back(&draft);
    writes.push_back(std::move(draft.vector));
  }
  std::vector<Sent> sent;
  if (owners.empty()) return sent;
  for (const VectorPlace& place : places) {
    if (place.rules.is_written_with_record) continue;
    const Result<std::vector<ApplyResult>> results = SendTo(place, writes, mode, deadline);
    Sent& outcome = sent.emplace_back(Sent{place, {}, {}});
    for (std::size_t i = 0; i < owners.size(); ++i) {
      Draft& draft = *owners[i];
      const bool is_held = results.has_value() && (*results)[i].status == ApplyStatus::kApplied;
      if (is_held) {
        outcome.held.push_back(&draft);
      } else {
        outcome.refused.push_back(draft.id);
        draft.is_held_by_all = false;
      }
      if (!place.IsLive()) continue;
      draft.is_held = is_held || DS_MUTANT(kSyncedUnanswered);
      if (!is_held) draft.reason = ReasonOf(place, results);
    }
  }
  for (std::size_t i = 0; i < owners.size(); ++i) owners[i]->vector.stamp = writes[i].stamp;
  return sent;
}

Result<std::vector<ApplyResult>> DualWriter::SendTo(const VectorPlace& place,
                                                    std::span<const VectorWrite> writes,
                                                    WriteMode mode,
                                                    Deadline deadline) {
  if (DS_FAILPOINT(kBeforeSend, writes)) return Unavailable("failpoint");
  Result<std::vector<ApplyResult>> results;
  if (place.HasRowPerWrite()) {
    const WaitSlots::Slot slot(slots_, PatienceFor(mode, deadline));
    if (!slot.is_held()) return ResourceExhausted("too many requests wait for vector indexes");
    const Deadline budget = deadline.Within(DS_INDEX_BUDGET(options_.index_budget), runtime_);
    results = index_writer_.Apply(place, writes, budget);
  } else {
    results = index_writer_.Apply(place, writes, deadline);
  }
  if (DS_FAILPOINT(kAfterSend, writes)) return Unavailable("failpoint");
  return results;
}

// How long to wait for a slot. A default write can do without; a strict creation cannot.
Deadline DualWriter::PatienceFor(WriteMode mode, Deadline deadline) const {
  const bool is_strict = mode == WriteMode::kStrict;
  return is_strict ? deadline.Within(options_.index_budget, runtime_)
                   : Deadline::At(runtime_.Now());
}

// What an index without pending rows of its own refused, as when it is full, gets one.
bool DualWriter::LeaveRefused(std::span<const Sent> sent, Deadline deadline) {
  bool is_left = true;
  for (const Sent& each : sent) {
    if (each.place.HasRowPerWrite() || each.refused.empty()) continue;
    is_left = index_writer_.LeaveToRelay(each.place, each.refused, deadline).has_value() && is_left;
  }
  return is_left;
}

// Whether nothing can come of the drafts that was not sent.
bool DualWriter::IsEachKnown(std::span<const Draft> drafts) {
  return std::none_of(drafts.begin(), drafts.end(), [](const Draft& draft) {
    return IsUnknown(*draft.result) || (draft.IsCreated() && (*draft.result)->is_recovered);
  });
}

void DualWriter::RefuseUnheld(std::span<Draft> drafts) {
  for (Draft& draft : drafts) {
    if (draft.result.has_value() || draft.is_held_by_all) continue;
    draft.result = Result<WriteOutcome>(Unavailable("a vector index did not take the vector"));
  }
}

// Ends what has an intent and was not created, unless that is not known. What the abort cannot do
// is done by the relay when the intent's lease ends.
void DualWriter::AbortIntents(std::span<Draft> drafts) {
  std::vector<WriteOp> operations;
  for (const Draft& draft : drafts) {
    const bool has_failed = !draft.result->has_value() && !IsUnknown(*draft.result);
    if (draft.intent.has_value() && has_failed) {
      operations.emplace_back(AbortIntentOp{draft.id, *draft.intent});
    }
  }
  if (operations.empty()) return;
  committer_.CommitEach(std::move(operations), nullptr, Deadline::In(kAbortTimeout, runtime_));
  wake_relay_();
}

// Removes the rows of what was created, where the index holds it.
void DualWriter::Settle(std::span<const Sent> sent) {
  for (const Sent& each : sent) {
    if (!each.place.HasRowPerWrite()) continue;
    std::vector<PendingVector> rows;
    for (const Draft* draft : each.held) {
      if (draft->IsCreated()) rows.push_back(RowOf(each.place, draft->id, draft->vector.stamp));
    }
    settler_.Settle(each.place, std::move(rows));
  }
}

// Why the index does not hold what was sent to it.
PendingReason DualWriter::ReasonOf(const VectorPlace& place,
                                   const Result<std::vector<ApplyResult>>& results) {
  // No slot was free; an index in this process has none, and is full.
  const bool is_busy = place.HasRowPerWrite() && !results.has_value() &&
                       results.error().code == ErrorCode::kResourceExhausted;
  return is_busy ? PendingReason::kVectorStoreBusy : PendingReason::kVectorStoreUnavailable;
}

PendingVector DualWriter::RowOf(const VectorPlace& place, RecordId id, Stamp stamp) {
  PendingVector row;
  row.set = place.set.id;
  row.id = id;
  row.stamp = stamp;
  return row;
}

}  // namespace datastorage
