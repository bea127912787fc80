#include "engine/write_service.h"

#include <algorithm>
#include <set>

#include "engine/mutant.h"
#include "schema/embedded_text.h"

namespace datastorage {
namespace {

std::string_view NameOf(ReplyStatus status) {
  switch (status) {
    case ReplyStatus::kCreated: return "created";
    case ReplyStatus::kExisting: return "existing";
    case ReplyStatus::kUpdated: return "updated";
    case ReplyStatus::kUnchanged: return "unchanged";
    case ReplyStatus::kReplayed: return "replayed";
    case ReplyStatus::kKeyReused: return "key_reused";
    case ReplyStatus::kConflict: return "conflict";
    case ReplyStatus::kStale: return "stale";
    case ReplyStatus::kIllegalPhase: return "illegal_phase";
    case ReplyStatus::kInvalid: return "invalid";
    case ReplyStatus::kNotFound: return "not_found";
    case ReplyStatus::kErased: return "erased";
    case ReplyStatus::kKeyBusy: return "key_busy";
    case ReplyStatus::kNotAttempted: return "not_attempted";
  }
  return "invalid";
}

WriteReply Reply(ReplyStatus status, RecordId id = {}) {
  WriteReply reply;
  reply.status = status;
  reply.record.id = id;
  return reply;
}

// For a mutant: what a counter of the committed records would say.
RecordId SerialId(RecordStore& store) {
  constexpr std::int64_t kCountMax = 1'000;
  const Result<std::int64_t> count = store.Count(Filter(), kCountMax, Deadline::Never());
  const auto serial = static_cast<std::uint64_t>(count.value_or(0)) + 1;
  RecordId id;
  id.bytes[14] = static_cast<std::uint8_t>(serial >> 8U);
  id.bytes[15] = static_cast<std::uint8_t>(serial);
  return id;
}

}  // namespace

// Holds idempotency keys while their requests run, so that a second request with the same key
// waits instead of racing. Across processes the claim in the record store decides.
class WriteService::KeyTurn {
 public:
  explicit KeyTurn(WriteService& service) : service_(service) {}
  ~KeyTurn() {
    {
      const MutexLock lock(service_.mutex_);
      for (const std::string& key : held_) service_.running_keys_.erase(key);
    }
    if (!held_.empty()) service_.key_released_.NotifyAll();
  }
  KeyTurn(const KeyTurn&) = delete;
  KeyTurn& operator=(const KeyTurn&) = delete;

  // Sorted, so that two batches never wait for each other in a circle.
  void Take(const std::set<std::string>& keys, Deadline deadline) {
    const MutexLock lock(service_.mutex_);
    for (const std::string& key : keys) {
      bool is_free = !service_.running_keys_.contains(key);
      while (!is_free && service_.key_released_.Wait(service_.mutex_, deadline)) {
        is_free = !service_.running_keys_.contains(key);
      }
      if (!is_free) continue;
      service_.running_keys_.insert(key);
      held_.insert(key);
    }
  }
  bool Has(const std::optional<IdempotencyClaim>& claim) const {
    return !claim.has_value() || held_.contains(claim->key);
  }

 private:
  WriteService& service_;
  std::set<std::string> held_;
};

WriteService::WriteService(
    Runtime& runtime, RecordStore& store, DualWriter& writer, UuidSource& ids, Metrics& metrics)
    : runtime_(runtime),
      store_(store),
      writer_(writer),
      ids_(ids),
      metrics_(metrics),
      mutex_(runtime),
      key_released_(runtime) {}

Result<WriteReply> WriteService::Create(const CreateRequest& request, Deadline deadline) {
  return std::move(CreateEach({&request, 1}, deadline).front());
}

std::vector<Result<WriteReply>> WriteService::CreateEach(std::span<const CreateRequest> requests,
                                                         Deadline deadline) {
  const SteadyTime begin = runtime_.Now();
  KeyTurn turn(*this);
  turn.Take(KeysOf(requests), deadline);
  const WallTime now = runtime_.WallNow();

  std::vector<Result<WriteReply>> replies(requests.size(),
                                          Result<WriteReply>(Reply(ReplyStatus::kKeyBusy)));
  for (const WriteMode mode : {WriteMode::kDefault, WriteMode::kStrict}) {
    std::vector<std::size_t> places;
    std::vector<CreateOp> operations;
    for (std::size_t i = 0; i < requests.size(); ++i) {
      if (requests[i].mode != mode || !turn.Has(requests[i].claim)) continue;
      places.push_back(i);
      operations.push_back(MakeOp(requests[i], now));
    }
    if (places.empty()) continue;
    const std::vector<Result<CommittedWrite>> writes =
        writer_.Create(std::move(operations), {CommitMode::kEachForItself, mode}, deadline);
    for (std::size_t i = 0; i < places.size(); ++i) {
      Result<WriteReply>& reply = replies[places[i]];
      if (writes[i].has_value()) {
        reply = ReplyTo(requests[places[i]], now, *writes[i], deadline);
      } else {
        reply = writes[i].error();
      }
    }
  }
  for (std::size_t i = 0; i < requests.size(); ++i) {
    CountWrite(KindOf(requests[i].body), replies[i], begin);
  }
  return replies;
}

Result<std::vector<WriteReply>> WriteService::CreateAll(std::span<const CreateRequest> requests,
                                                        Deadline deadline) {
  const SteadyTime begin = runtime_.Now();
  KeyTurn turn(*this);
  turn.Take(KeysOf(requests), deadline);
  const WallTime now = runtime_.WallNow();
  std::vector<WriteReply> replies;
  std::vector<CreateOp> operations;
  WriteMode mode = WriteMode::kDefault;
  bool has_every_turn = true;
  for (const CreateRequest& request : requests) {
    const bool has_turn = turn.Has(request.claim);
    has_every_turn = has_every_turn && has_turn;
    replies.push_back(Reply(has_turn ? ReplyStatus::kNotAttempted : ReplyStatus::kKeyBusy));
    if (request.mode == WriteMode::kStrict) mode = WriteMode::kStrict;
    operations.push_back(MakeOp(request, now));
  }
  if (!has_every_turn) return replies;
  const std::vector<Result<CommittedWrite>> writes =
      writer_.Create(std::move(operations), {CommitMode::kAllOrNothing, mode}, deadline);
  for (std::size_t i = 0; i < requests.size(); ++i) {
    DS_ASSIGN_OR_RETURN(const CommittedWrite write, writes[i]);
    Result<WriteReply> reply = ReplyTo(requests[i], now, write, deadline);
    CountWrite(KindOf(requests[i].body), reply, begin);
    // The store has decided; a reply that cannot be read back must not undo that.
    if (!reply.has_value()) return std::move(reply).error();
    replies[i] = *std::move(reply);
  }
  return replies;
}

Result<WriteReply> WriteService::Patch(const PatchRequest& request, Deadline deadline) {
  const SteadyTime begin = runtime_.Now();
  KeyTurn turn(*this);
  if (request.claim.has_value()) turn.Take({request.claim->key}, deadline);
  Result<WriteReply> reply = Reply(ReplyStatus::kKeyBusy);
  if (turn.Has(request.claim)) reply = PatchInTurn(request, deadline);
  CountWrite(request.kind, reply, begin);
  return reply;
}

Result<WriteReply> WriteService::PatchInTurn(const PatchRequest& request, Deadline deadline) {
  DS_ASSIGN_OR_RETURN(const std::vector<ReadOutcome> outcomes,
                      store_.Read({&request.ref, 1}, "", deadline));
  const ReadOutcome& found = outcomes.front();
  if (found.status == ReadStatus::kErased) return Reply(ReplyStatus::kErased, found.id);
  if (found.status == ReadStatus::kNotFound || KindOf(found.record.body) != request.kind) {
    return Reply(ReplyStatus::kNotFound);
  }
  const Record& current = found.record;
  WriteReply refusal = Reply(ReplyStatus::kStale, current.id);
  refusal.record = current;
  if (current.version != request.if_match_version) {
    return RefusePatch(request, std::move(refusal), deadline);
  }
  schema::ParsedPatch patch = schema::ApplyPatch(current.body, request.patch);
  if (!patch.violations.empty()) {
    refusal.status = ReplyStatus::kInvalid;
    refusal.violations = std::move(patch.violations);
    return RefusePatch(request, std::move(refusal), deadline);
  }
  if (!schema::PhaseMayFollow(current.body, *patch.body)) {
    refusal.status = ReplyStatus::kIllegalPhase;
    return RefusePatch(request, std::move(refusal), deadline);
  }
  if (patch.changes_nothing) return AcceptUnchanged(request, current, deadline);
  return CommitPatch(request, current, *std::move(patch.body), deadline);
}

Result<WriteReply> WriteService::CommitPatch(const PatchRequest& request,
                                             const Record& current,
                                             RecordBody body,
                                             Deadline deadline) {
  UpdateOp operation;
  operation.id = current.id;
  operation.attempt = ids_.MakeVersion4();
  operation.expected_version = current.version;
  operation.body = body;
  operation.now = std::max(runtime_.WallNow(), current.updated_at);
  operation.claim = request.claim;
  operation.pending_reason = current.vector_reason;
  const WallTime now = operation.now;
  const bool has_new_text = schema::EmbeddedText(current.body) != schema::EmbeddedText(body);
  DS_ASSIGN_OR_RETURN(const CommittedWrite write,
                      writer_.Update(std::move(operation), has_new_text, deadline));
  if (write.outcome.status != WriteStatus::kUpdated) return AnswerOf(write.outcome, deadline);
  WriteReply reply = Reply(ReplyStatus::kUpdated);
  reply.record = Record{current.id,
                        write.outcome.version,
                        write.outcome.stamp,
                        current.created_at,
                        now,
                        std::move(body),
                        write.vector,
                        write.reason};
  return reply;
}

// The key is claimed although nothing is written: another request under it is refused from now on.
Result<WriteReply> WriteService::AcceptUnchanged(const PatchRequest& request,
                                                 const Record& current,
                                                 Deadline deadline) {
  WriteReply unchanged = Reply(ReplyStatus::kUnchanged);
  unchanged.record = current;
  if (!request.claim.has_value()) return unchanged;
  UpdateOp operation;
  operation.id = current.id;
  operation.attempt = ids_.MakeVersion4();
  operation.expected_version = current.version;
  operation.body = current.body;
  operation.claims_only = true;
  operation.now = runtime_.WallNow();
  operation.claim = request.claim;
  DS_ASSIGN_OR_RETURN(const CommittedWrite write,
                      writer_.Update(std::move(operation), false, deadline));
  if (write.outcome.status == WriteStatus::kExisting) return unchanged;
  return AnswerOf(write.outcome, deadline);
}

// A patch that cannot be applied may still be the repetition of one that was: the key decides.
Result<WriteReply> WriteService::RefusePatch(const PatchRequest& request,
                                             WriteReply refusal,
                                             Deadline deadline) {
  if (!request.claim.has_value()) return refusal;
  UpdateOp probe;
  probe.id = refusal.record.id;
  probe.attempt = ids_.MakeVersion4();
  probe.expected_version = 0;  // Of no record, so nothing can be updated.
  probe.body = refusal.record.body;
  probe.now = runtime_.WallNow();
  probe.claim = request.claim;
  DS_ASSIGN_OR_RETURN(const CommittedWrite write,
                      writer_.Update(std::move(probe), false, deadline));
  const bool is_key_used = write.outcome.status == WriteStatus::kReplayed ||
                           write.outcome.status == WriteStatus::kKeyReused;
  return is_key_used ? AnswerOf(write.outcome, deadline) : Result<WriteReply>(std::move(refusal));
}

std::set<std::string> WriteService::KeysOf(std::span<const CreateRequest> requests) {
  std::set<std::string> keys;
  for (const CreateRequest& request : requests) {
    if (request.claim.has_value()) keys.insert(request.claim->key);
  }
  return keys;
}

CreateOp WriteService::MakeOp(const CreateRequest& request, WallTime now) {
  CreateOp operation;
  operation.id = DS_MUTANT(kSerialIds) ? SerialId(store_) : ids_.MakeVersion7();
  operation.attempt = ids_.MakeVersion4();
  operation.body = request.body;
  operation.content_hash = request.content_hash;
  operation.now = now;
  operation.claim = request.claim;
  return operation;
}

Result<WriteReply> WriteService::ReplyTo(const CreateRequest& request,
                                         WallTime now,
                                         const CommittedWrite& write,
                                         Deadline deadline) {
  const WriteOutcome& outcome = write.outcome;
  if (outcome.status != WriteStatus::kCreated) return AnswerOf(outcome, deadline);
  WriteReply reply = Reply(ReplyStatus::kCreated);
  reply.record =
      Record{outcome.id, 1, outcome.stamp, now, now, request.body, write.vector, write.reason};
  return reply;
}

Result<WriteReply> WriteService::AnswerOf(const WriteOutcome& outcome, Deadline deadline) {
  switch (outcome.status) {
    case WriteStatus::kExisting: {
      DS_ASSIGN_OR_RETURN(WriteReply reply, ReadReply(outcome, deadline));
      reply.status = ReplyStatus::kExisting;
      return reply;
    }
    case WriteStatus::kReplayed: {
      DS_ASSIGN_OR_RETURN(WriteReply reply, ReadReply(outcome, deadline));
      reply.status = ReplyStatus::kReplayed;
      reply.replayed_http_status = outcome.replayed_http_status;
      return reply;
    }
    case WriteStatus::kStale: {
      WriteReply reply = Reply(ReplyStatus::kStale, outcome.id);
      reply.record.version = outcome.version;
      return reply;
    }
    case WriteStatus::kKeyReused: return Reply(ReplyStatus::kKeyReused, outcome.id);
    case WriteStatus::kConflict:
      // Version 0: of a strict creation that is still under way, and may come to nothing.
      return Reply(outcome.version == 0 ? ReplyStatus::kKeyBusy : ReplyStatus::kConflict,
                   outcome.id);
    case WriteStatus::kNotFound: return Reply(ReplyStatus::kNotFound, outcome.id);
    case WriteStatus::kErased: return Reply(ReplyStatus::kErased, outcome.id);
    case WriteStatus::kNotAttempted: return Reply(ReplyStatus::kNotAttempted, outcome.id);
    case WriteStatus::kIntentBegun:
    case WriteStatus::kCreated:
    case WriteStatus::kUpdated:
    case WriteStatus::kErasedNow:
    case WriteStatus::kFenced:
    case WriteStatus::kIntentAborted:
    case WriteStatus::kEmbeddingStored:
    case WriteStatus::kEmbeddingSuperseded:
    case WriteStatus::kEnqueued:
    case WriteStatus::kAlreadyPending: break;
  }
  return Internal("a write had an outcome that its operation cannot have");
}

// The record at the version of the outcome, with `vector` as it is now.
Result<WriteReply> WriteService::ReadReply(const WriteOutcome& outcome, Deadline deadline) {
  const RecordRef ref = outcome.id;
  DS_ASSIGN_OR_RETURN(std::vector<ReadOutcome> found, store_.Read({&ref, 1}, "", deadline));
  ReadOutcome& current = found.front();
  if (current.status != ReadStatus::kFound) return Reply(ReplyStatus::kErased, outcome.id);
  WriteReply reply;
  reply.record = std::move(current.record);
  if (reply.record.version == outcome.version) return reply;
  DS_ASSIGN_OR_RETURN(std::vector<Record> versions, store_.History(outcome.id, deadline));
  for (Record& version : versions) {
    if (version.version != outcome.version) continue;
    version.vector = reply.record.vector;
    version.vector_reason = reply.record.vector_reason;
    reply.record = std::move(version);
    break;
  }
  return reply;
}

void WriteService::CountWrite(RecordKind kind, const Result<WriteReply>& reply, SteadyTime begin) {
  const std::string_view table = datastorage::NameOf(kind);
  const std::string_view status =
      reply.has_value() ? NameOf(reply->status) : datastorage::NameOf(reply.error().code);
  metrics_.Count(Metric::kWriteTotal, {table, status});
  const std::chrono::duration<double> elapsed = runtime_.Now() - begin;
  metrics_.Observe(Metric::kWriteDuration, elapsed.count(), {table});
}

}  // namespace datastorage
