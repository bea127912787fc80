#include "engine/relay.h"

#include <algorithm>
#include <unordered_map>

#include "base/limits.h"
#include "base/log.h"
#include "engine/failpoint.h"
#include "engine/mutant.h"
#include "engine/relay_work.h"
#include "engine/write_embedder.h"
#include "schema/embedded_text.h"

namespace datastorage {
namespace {

constexpr Duration kLease = DS_PATIENCE(std::chrono::seconds(15));
constexpr Duration kRoundTimeout = DS_PATIENCE(std::chrono::seconds(12));
static_assert(kRoundTimeout * 10 <= limits::kTombstoneAge);  // A round may send what it read.
constexpr Duration kEmbedTimeout = std::chrono::seconds(8);
constexpr Duration kIdlePause = std::chrono::seconds(1);
constexpr Duration kBackoffLeast = std::chrono::milliseconds(250);
constexpr Duration kBackoffMost = std::chrono::seconds(30);
constexpr int kAttemptCountMax = 12;  // Of failures for the row's own sake.

Duration BackoffAfter(int attempt_count) {
  const int doublings = std::clamp(attempt_count, 0, 7);
  return std::min(kBackoffMost, kBackoffLeast * (1 << doublings));
}

// Failures that may be one row's own.
bool IsOwnFault(ErrorCode code) {
  return code == ErrorCode::kInternal || code == ErrorCode::kInvalidArgument;
}

}  // namespace

Relay::Relay(Runtime& runtime,
             RecordStore& store,
             VectorSets& sets,
             EmbeddingService* embedder,
             Settler& settler,
             Metrics& metrics)
    : runtime_(runtime),
      store_(store),
      sets_(sets),
      embedder_(embedder),
      settler_(settler),
      metrics_(metrics),
      index_writer_(store),
      tombstone_purge_(runtime, store),
      mutex_(runtime),
      woken_(runtime) {}

Relay::~Relay() {
  Stop();
}

void Relay::Start() {
  task_ = runtime_.Spawn("relay", [this] { Run(); });
}

void Relay::Stop() {
  {
    const MutexLock lock(mutex_);
    is_stopping_ = true;
  }
  woken_.NotifyAll();
  task_.reset();
}

void Relay::Wake() {
  const MutexLock lock(mutex_);
  has_work_ = true;
  woken_.NotifyOne();
}

void Relay::Run() {
  bool has_failed = false;
  for (;;) {
    {
      const MutexLock lock(mutex_);
      const Deadline pause = Deadline::In(kIdlePause, runtime_);
      // After a failure the pause is kept even when woken, or a store that is down would be asked
      // without end.
      while (!is_stopping_ && (has_failed || !has_work_) && woken_.Wait(mutex_, pause)) {
      }
      if (is_stopping_) return;
      has_work_ = false;
    }
    const Result<int> leased = RunOnce();
    has_failed = !leased.has_value();
    if (!leased.has_value()) {
      Log(LogLevel::kWarning,
          "a round of the relay failed",
          {{"code", NameOf(leased.error().code)}});
    } else if (*leased > 0) {
      const MutexLock lock(mutex_);
      has_work_ = true;
    }
  }
}

Result<int> Relay::RunOnce() {
  const Deadline deadline = Deadline::In(kRoundTimeout, runtime_);
  DS_RETURN_IF_ERROR(sets_.Refresh(deadline));
  DS_RETURN_IF_ERROR(ApplyLeftOver(deadline));
  int leased_count = 0;
  const std::vector<VectorPlace> places = sets_.Places();
  for (const VectorPlace& place : places) {
    DS_ASSIGN_OR_RETURN(const int count, RunPlace(place, deadline));
    leased_count += count;
  }
  tombstone_purge_.RunIfDue(places, deadline);
  return leased_count;
}

// Writes whose callers gave up in the midst of the commit, where no row stands for them.
Result<void> Relay::ApplyLeftOver(Deadline deadline) {
  const auto entry = sets_.unapplied().TakeLeftOver(limits::kRelayBatchCountMax);
  if (entry->ids().empty()) return {};
  for (const VectorPlace& place : sets_.Places()) {
    if (!place.HasUnappliedEntries()) continue;
    const Result<std::vector<AppliedRecord>> applied =
        index_writer_.ApplyCurrent(place, entry->ids(), deadline);
    const bool is_whole =
        applied.has_value() && std::none_of(applied->begin(), applied->end(), [](const auto& each) {
          return each.result.status == ApplyStatus::kRefused;
        });
    if (is_whole) continue;
    DS_RETURN_IF_ERROR(index_writer_.LeaveToRelay(place, entry->ids(), deadline));
  }
  entry->Finish();
  return {};
}

Result<int> Relay::RunPlace(const VectorPlace& place, Deadline deadline) {
  // While the index as a whole fails, no row is tried for itself; one probes when it is time.
  if (!place.MayAsk()) return 0;
  const int limit = place.IsSpared() ? 1 : static_cast<int>(limits::kRelayBatchCountMax);
  const WallTime now = runtime_.WallNow();
  DS_ASSIGN_OR_RETURN(
      std::vector<PendingVector> rows,
      store_.LeaseDue(place.set.id, limit, {.now = now, .until = now + kLease}, deadline));
  if (DS_FAILPOINT(kAfterLease, rows)) return Unavailable("failpoint");
  const auto leased_count = static_cast<int>(rows.size());
  DS_RETURN_IF_ERROR(FenceIntents(rows, deadline));
  if (!rows.empty()) DS_RETURN_IF_ERROR(Finish(place, rows, deadline));
  return leased_count;
}

// Takes the intents out of `rows`. Their writers find them no more; what is left are due rows for a
// later round.
Result<void> Relay::FenceIntents(std::vector<PendingVector>& rows, Deadline deadline) {
  std::vector<WriteOp> operations;
  operations.reserve(rows.size());
  for (const PendingVector& row : rows) {
    if (row.is_intent) operations.emplace_back(AbortIntentOp{row.id, row.stamp});
  }
  if (operations.empty()) return {};
  if (DS_FAILPOINT(kBeforeFence, operations)) return Unavailable("failpoint");
  DS_RETURN_IF_ERROR(store_.Commit(operations, CommitMode::kEachForItself, deadline));
  if (DS_FAILPOINT(kAfterFence, operations)) return OutcomeUnknown("failpoint");
  std::erase_if(rows, [](const PendingVector& row) { return row.is_intent; });
  return {};
}

Result<void> Relay::Finish(const VectorPlace& place,
                           std::span<const PendingVector> rows,
                           Deadline deadline) {
  std::vector<RecordId> ids;
  if (sets_.NeedsEntry()) {
    for (const PendingVector& row : rows) ids.push_back(row.id);
  }
  // Storing an embedding may take the row away before the index has it.
  const auto unapplied = sets_.unapplied().Enter(std::move(ids));
  DS_ASSIGN_OR_RETURN(std::vector<Work> works, Read(place, rows, deadline));
  EmbedMissing(works, deadline);
  std::erase_if(works, [](const Work& work) { return work.is_given_back; });
  DS_RETURN_IF_ERROR(StoreEmbeddings(place, works, deadline));
  std::erase_if(works, [](const Work& work) { return work.is_given_back || work.is_whole; });
  if (works.empty()) {
    unapplied->Finish();
    return {};
  }
  Send(place, works, deadline);
  DS_RETURN_IF_ERROR(RenewOverFutureStamps(place, works, deadline));
  if (Settle(place, works, deadline)) unapplied->Finish();
  return {};
}

Result<std::vector<Relay::Work>> Relay::Read(const VectorPlace& place,
                                             std::span<const PendingVector> rows,
                                             Deadline deadline) {
  std::vector<RecordRef> refs;
  refs.reserve(rows.size());
  for (const PendingVector& row : rows) refs.emplace_back(row.id);
  DS_ASSIGN_OR_RETURN(const std::vector<ReadOutcome> outcomes,
                      store_.Read(refs, place.set.space, deadline));
  std::vector<Work> works(rows.size());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    works[i].row = rows[i];
    works[i].is_found = outcomes[i].status == ReadStatus::kFound;
    if (works[i].is_found && !outcomes[i].embedding.has_value()) {
      works[i].text = schema::EmbeddedText(outcomes[i].record.body);
    }
  }
  return works;
}

// Leaves each work that lacks an embedding with one, or gives it back.
void Relay::EmbedMissing(std::span<Work> works, Deadline deadline) {
  std::vector<std::string_view> texts;
  std::vector<Work*> owners;
  for (Work& work : works) {
    if (!work.text.has_value()) continue;
    texts.emplace_back(*work.text);
    owners.push_back(&work);
  }
  if (texts.empty()) return;
  std::vector<Result<Embedding>> vectors(texts.size(),
                                         Result<Embedding>(Unavailable("there is no embedder")));
  if (embedder_ != nullptr && !DS_FAILPOINT(kBeforeRelayEmbedding, works)) {
    vectors = embedder_->EmbedEach(
        texts, EmbeddingPriority::kRelay, deadline.Within(kEmbedTimeout, runtime_));
  }
  for (std::size_t i = 0; i < owners.size(); ++i) {
    if (vectors[i].has_value()) {
      owners[i]->embedding = *vectors[i];
    } else {
      const ErrorCode code = vectors[i].error().code;
      GiveBack(*owners[i], {code, ReasonWithoutEmbedding(code)}, deadline);
    }
  }
}

Result<void> Relay::StoreEmbeddings(const VectorPlace& place,
                                    std::span<Work> works,
                                    Deadline deadline) {
  std::vector<WriteOp> operations;
  std::vector<Work*> owners;
  for (Work& work : works) {
    if (!work.embedding.has_value()) continue;
    const Sha256 text_hash = schema::EmbeddedTextHash(*work.text);
    operations.emplace_back(
        StoreEmbeddingOp{work.row.id, {place.set.space, text_hash, *work.embedding}});
    owners.push_back(&work);
  }
  if (operations.empty()) return {};
  if (DS_FAILPOINT(kBeforeStoreEmbedding, operations)) return Unavailable("failpoint");
  DS_ASSIGN_OR_RETURN(const std::vector<WriteOutcome> outcomes,
                      store_.Commit(operations, CommitMode::kEachForItself, deadline));
  if (DS_FAILPOINT(kAfterStoreEmbedding, operations)) return OutcomeUnknown("failpoint");
  for (std::size_t i = 0; i < owners.size(); ++i) {
    if (outcomes[i].status == WriteStatus::kEmbeddingStored) {
      owners[i]->row.stamp = outcomes[i].stamp;
      owners[i]->is_whole = place.rules.is_written_with_record && !outcomes[i].has_pending;
      metrics_.Count(Metric::kRelayAttempts, {"embedded"});
    } else {
      // The text changed meanwhile: the row belongs to the new one and is due at once.
      GiveBack(*owners[i], {ErrorCode::kResourceExhausted, PendingReason::kEmbedderBusy}, deadline);
    }
  }
  return {};
}

// A batch that may have failed for one row's sake is halved until that one is alone.
void Relay::Send(const VectorPlace& place, std::span<Work> works, Deadline deadline) {
  const Result<void> sent = SendBatch(place, works, deadline);
  if (sent.has_value()) return;
  // What a full index in this process holds already, it takes all the same.
  const bool is_full =
      place.breaker == nullptr && sent.error().code == ErrorCode::kResourceExhausted;
  if (works.size() > 1 && (IsOwnFault(sent.error().code) || is_full)) {
    Send(place, works.first(works.size() / 2), deadline);
    Send(place, works.subspan(works.size() / 2), deadline);
    return;
  }
  for (Work& work : works) work.failure = sent.error().code;
}

Result<void> Relay::SendBatch(const VectorPlace& place, std::span<Work> works, Deadline deadline) {
  if (DS_FAILPOINT(kBeforeRelaySend, works)) return Unavailable("failpoint");
  std::vector<RecordId> ids;
  std::vector<VectorWrite> tombstones;
  std::unordered_map<RecordId, Work*> works_of;
  for (Work& work : works) {
    works_of[work.row.id] = &work;
    if (work.is_found) {
      ids.push_back(work.row.id);
    } else {
      tombstones.push_back({work.row.id, work.row.stamp, std::nullopt, {}});
    }
  }
  DS_ASSIGN_OR_RETURN(const std::vector<ApplyResult> results,
                      index_writer_.Apply(place, tombstones, deadline));
  for (std::size_t i = 0; i < tombstones.size(); ++i) {
    works_of[tombstones[i].id]->result = results[i];
  }
  DS_ASSIGN_OR_RETURN(const std::vector<AppliedRecord> applied,
                      index_writer_.ApplyCurrent(place, ids, deadline));
  if (DS_FAILPOINT(kAfterRelaySend, works)) return Unavailable("failpoint");
  for (const AppliedRecord& each : applied) works_of[each.id]->result = each.result;
  return {};
}

// An index that holds a stamp which was never issued belongs to a record store that was put back to
// an older state. Stamps go on above it, and the rows take new ones.
Result<void> Relay::RenewOverFutureStamps(const VectorPlace& place,
                                          std::span<Work> works,
                                          Deadline deadline) {
  Stamp highest_held = 0;
  for (Work& work : works) {
    if (!work.result.has_value() || work.result->status != ApplyStatus::kSuperseded) continue;
    if (work.result->held_stamp > kStampBelievedMax) {
      work.result->status = ApplyStatus::kRefused;  // Nothing can be written over it.
    } else {
      highest_held = std::max(highest_held, work.result->held_stamp);
    }
  }
  if (highest_held == 0) return {};
  DS_ASSIGN_OR_RETURN(const Stamp highest_issued, store_.RaiseStamps(highest_held, deadline));
  if (highest_held <= highest_issued) return {};
  Log(LogLevel::kError,
      "a vector index holds stamps that were never issued",
      {{"set", place.set.id}, {"held", highest_held}, {"issued", highest_issued}});
  std::vector<WriteOp> operations;
  for (Work& work : works) {
    const bool is_future = work.result.has_value() &&
                           work.result->status == ApplyStatus::kSuperseded &&
                           work.result->held_stamp > highest_issued;
    if (!is_future) continue;
    work.result.reset();  // Not settled: the row goes on under its new stamp.
    metrics_.Count(Metric::kRelayAttempts, {"renewed"});
    operations.emplace_back(
        EnqueuePendingOp{place.set.id, work.row.id, PendingReason::kReconcile, true});
  }
  DS_RETURN_IF_ERROR(store_.Commit(operations, CommitMode::kEachForItself, deadline));
  return {};
}

// Whether every row is done with, or still there.
bool Relay::Settle(const VectorPlace& place, std::span<Work> works, Deadline deadline) {
  std::vector<PendingVector> held;
  bool is_whole = true;
  for (Work& work : works) {
    if (work.result.has_value() && work.result->status == ApplyStatus::kRefused) {
      work.failure = ErrorCode::kInternal;
    }
    if (work.failure.has_value() && !DS_MUTANT(kSettlesUnsent)) {
      is_whole = is_whole && place.HasRowPerWrite();
      const bool is_spared = place.breaker != nullptr && !IsOwnFault(*work.failure);
      GiveBack(work, {*work.failure, PendingReason::kVectorStoreUnavailable, is_spared}, deadline);
    } else if (work.result.has_value() || DS_MUTANT(kSettlesUnsent)) {
      held.push_back(work.row);
    }
  }
  metrics_.Count(Metric::kRelayAttempts, {"settled"}, static_cast<double>(held.size()));
  if (!place.index->Capabilities().is_visible_at_once) {
    settler_.Settle(place, std::move(held));
  } else if (DS_FAILPOINT(kBeforeRelaySettle, held) || !store_.Settle(held, deadline).has_value() ||
             DS_FAILPOINT(kAfterRelaySettle, held)) {
    Log(LogLevel::kWarning, "pending rows stay, and are worked on again", {});
  }
  return is_whole;
}

// Makes a row due again later. Failures for the row's own sake are counted towards parking;
// those of the embedder, the index or the store as a whole are not.
void Relay::GiveBack(Work& work, const Failure& failure, Deadline deadline) {
  work.is_given_back = true;
  metrics_.Count(Metric::kRelayAttempts, {"failed"});
  Result<void> done;
  if (DS_FAILPOINT(kBeforeGiveBack, work)) return;
  if (IsOwnFault(failure.code) && work.row.attempt_count + 1 >= kAttemptCountMax) {
    done = store_.Park({&work.row, 1}, deadline);
    metrics_.Count(Metric::kRelayAttempts, {"parked"});
  } else {
    Duration pause = BackoffAfter(work.row.attempt_count);
    if (failure.reason == PendingReason::kEmbedderBusy) pause = kBackoffLeast;
    if (failure.is_spared) pause = Duration{0};  // When the breaker closes, all are due at once.
    done = store_.Fail({&work.row, 1}, failure.reason, runtime_.WallNow() + pause, deadline);
  }
  if (DS_FAILPOINT(kAfterGiveBack, work)) return;
  if (!done.has_value()) {
    Log(LogLevel::kWarning, "a pending row keeps its lease", {{"code", NameOf(done.error().code)}});
  }
}

}  // namespace datastorage
