#include "engine/relay.h"

#include <algorithm>

#include "base/limits.h"
#include "base/log.h"
#include "schema/embedded_text.h"

namespace datastorage {
namespace {

constexpr Duration kLease = std::chrono::seconds(15);
constexpr Duration kRoundTimeout = std::chrono::seconds(12);
constexpr Duration kEmbedTimeout = std::chrono::seconds(8);
constexpr Duration kIdlePause = std::chrono::seconds(1);
constexpr Duration kBackoffLeast = std::chrono::milliseconds(250);
constexpr Duration kBackoffMost = std::chrono::seconds(30);
constexpr int kAttemptCountMax = 12;  // Of failures for the row's own sake.

Duration BackoffAfter(int attempt_count) {
  const int doublings = std::clamp(attempt_count, 0, 7);
  return std::min(kBackoffMost, kBackoffLeast * (1 << doublings));
}

}  // namespace

// A leased row on its way to an embedding.
struct Relay::Work {
  PendingVector row;
  std::string text;
  std::optional<Embedding> embedding;
};

Relay::Relay(Runtime& runtime,
             RecordStore& store,
             VectorSets& sets,
             EmbeddingService* embedder,
             Metrics& metrics)
    : runtime_(runtime),
      store_(store),
      sets_(sets),
      embedder_(embedder),
      metrics_(metrics),
      index_writer_(store, sets),
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
  if (!sets_.Live().has_value()) return 0;
  const Deadline deadline = Deadline::In(kRoundTimeout, runtime_);
  DS_RETURN_IF_ERROR(ApplyLeftOver(deadline));
  const WallTime now = runtime_.WallNow();
  DS_ASSIGN_OR_RETURN(
      const std::vector<PendingVector> rows,
      store_.LeaseDue(static_cast<int>(limits::kRelayBatchCountMax), now, now + kLease, deadline));
  if (rows.empty()) return 0;
  const Result<void> finished = Finish(rows, deadline);
  if (!finished.has_value()) {
    for (const PendingVector& row : rows) GiveBack(row, finished.error().code, deadline);
  }
  return static_cast<int>(rows.size());
}

// Writes whose callers gave up in the midst of the commit.
Result<void> Relay::ApplyLeftOver(Deadline deadline) {
  const auto entry = sets_.unapplied().TakeLeftOver(limits::kRelayBatchCountMax);
  if (!index_writer_.ApplyCurrent(entry->ids(), deadline).has_value()) {
    DS_RETURN_IF_ERROR(
        index_writer_.LeaveToRelay(entry->ids(), PendingReason::kVectorStoreUnavailable, deadline));
  }
  entry->Finish();
  return {};
}

Result<void> Relay::Finish(std::span<const PendingVector> rows, Deadline deadline) {
  std::vector<RecordRef> refs;
  std::vector<RecordId> ids;
  for (const PendingVector& row : rows) {
    refs.emplace_back(row.id);
    ids.push_back(row.id);
  }
  const auto unapplied = sets_.unapplied().Enter(ids);
  DS_ASSIGN_OR_RETURN(const std::vector<ReadOutcome> outcomes,
                      store_.Read(refs, sets_.Space(), deadline));
  std::vector<Work> missing;
  std::vector<PendingVector> ready;
  std::vector<VectorWrite> tombstones;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const bool is_found = outcomes[i].status == ReadStatus::kFound;
    std::optional<std::string> text;
    if (is_found) text = schema::EmbeddedText(outcomes[i].record.body);
    if (is_found && text.has_value() && !outcomes[i].embedding.has_value()) {
      missing.push_back({rows[i], *std::move(text), std::nullopt});
      continue;
    }
    if (!is_found) tombstones.push_back({rows[i].id, rows[i].stamp, std::nullopt, {}});
    ready.push_back(rows[i]);
  }
  DS_RETURN_IF_ERROR(EmbedMissing(missing, deadline));
  DS_RETURN_IF_ERROR(StoreEmbeddings(missing, deadline));
  DS_RETURN_IF_ERROR(index_writer_.Apply(tombstones, deadline));
  DS_RETURN_IF_ERROR(index_writer_.ApplyCurrent(ids, deadline));
  DS_RETURN_IF_ERROR(store_.Settle(ready, deadline));
  unapplied->Finish();
  metrics_.Count(Metric::kRelayAttempts, {"settled"}, static_cast<double>(ready.size()));
  return {};
}

// Rows whose text could not be embedded are given back one by one and drop out of `missing`.
Result<void> Relay::EmbedMissing(std::vector<Work>& missing, Deadline deadline) {
  if (missing.empty()) return {};
  if (embedder_ == nullptr) return Unavailable("there is no embedder");
  std::vector<std::string_view> texts;
  texts.reserve(missing.size());
  for (const Work& work : missing) texts.emplace_back(work.text);
  const std::vector<Result<Embedding>> vectors = embedder_->EmbedEach(
      texts, EmbeddingPriority::kRelay, deadline.Within(kEmbedTimeout, runtime_));
  for (std::size_t i = 0; i < missing.size(); ++i) {
    if (vectors[i].has_value()) {
      missing[i].embedding = *vectors[i];
    } else {
      GiveBack(missing[i].row, vectors[i].error().code, deadline);
    }
  }
  std::erase_if(missing, [](const Work& work) { return !work.embedding.has_value(); });
  return {};
}

Result<void> Relay::StoreEmbeddings(std::vector<Work>& embedded, Deadline deadline) {
  if (embedded.empty()) return {};
  std::vector<WriteOp> operations;
  for (const Work& work : embedded) {
    const Sha256 text_hash = schema::EmbeddedTextHash(work.text);
    operations.emplace_back(
        StoreEmbeddingOp{work.row.id, {sets_.Space(), text_hash, *work.embedding}});
  }
  DS_ASSIGN_OR_RETURN(const std::vector<WriteOutcome> outcomes,
                      store_.Commit(operations, CommitMode::kEachForItself, deadline));
  for (std::size_t i = 0; i < embedded.size(); ++i) {
    if (outcomes[i].status == WriteStatus::kEmbeddingStored) {
      metrics_.Count(Metric::kRelayAttempts, {"embedded"});
    } else {
      // The text changed meanwhile: the row belongs to the new one and is due at once.
      GiveBack(embedded[i].row, ErrorCode::kResourceExhausted, deadline);
    }
  }
  return {};
}

// Makes a row due again later. Failures for the row's own sake are counted towards parking;
// those of the embedder or the store as a whole are not.
void Relay::GiveBack(const PendingVector& row, ErrorCode code, Deadline deadline) {
  const bool is_own_fault = code == ErrorCode::kInternal || code == ErrorCode::kInvalidArgument;
  metrics_.Count(Metric::kRelayAttempts, {"failed"});
  Result<void> done;
  if (is_own_fault && row.attempt_count + 1 >= kAttemptCountMax) {
    done = store_.Park({&row, 1}, deadline);
    metrics_.Count(Metric::kRelayAttempts, {"parked"});
  } else {
    const bool is_busy =
        code == ErrorCode::kResourceExhausted || code == ErrorCode::kDeadlineExceeded;
    const Duration pause = is_busy ? kBackoffLeast : BackoffAfter(row.attempt_count);
    done = store_.Fail({&row, 1},
                       is_busy ? PendingReason::kEmbedderBusy : PendingReason::kEmbedderUnavailable,
                       runtime_.WallNow() + pause,
                       deadline);
  }
  if (!done.has_value()) {
    Log(LogLevel::kWarning, "a pending row keeps its lease", {{"code", NameOf(done.error().code)}});
  }
}

}  // namespace datastorage
