// WriteService: the use cases that change records. It decides what a request means
// (idempotency, phases, what to embed); DualWriter carries it out.
//
// Threads:   safe to call concurrently; calls block until the outcome is durable.
// Ownership: keeps references to everything it is given; all must outlive it.
#pragma once

#include <optional>
#include <set>
#include <span>
#include <string>
#include <unordered_set>
#include <vector>

#include "base/metrics.h"
#include "base/runtime.h"
#include "domain/query.h"
#include "domain/write.h"
#include "engine/dual_writer.h"
#include "ports/record_store.h"
#include "schema/validate.h"

namespace datastorage {

struct CreateRequest {
  RecordBody body;
  Sha256 content_hash{};
  std::optional<IdempotencyClaim> claim;
  WriteMode mode = WriteMode::kDefault;
};

struct PatchRequest {
  RecordRef ref;
  RecordKind kind = RecordKind::kRemediation;
  schema::ParsedJson patch;
  std::int64_t if_match_version = 0;
  std::optional<IdempotencyClaim> claim;
};

enum class ReplyStatus : std::uint8_t {
  kCreated,       // 201
  kExisting,      // 200: the natural key holds equal content.
  kUpdated,       // 200
  kUnchanged,     // 200: the patch changes nothing.
  kReplayed,      // As first answered: `replayed_http_status`.
  kKeyReused,     // 422
  kConflict,      // 409: `record.id` is the existing record; nothing else of `record` is set.
  kStale,         // 412: `record.version` is the current one.
  kIllegalPhase,  // 409
  kInvalid,       // 422: `violations`.
  kNotFound,      // 404
  kErased,        // 409 for a creation, 410 for a patch.
  kKeyBusy,       // 409 with Retry-After: a request with the same key is still running.
  kNotAttempted,  // Atomic batch: a neighbour failed.
};

struct WriteReply {
  ReplyStatus status = ReplyStatus::kNotFound;
  Record record;
  int replayed_http_status = 0;
  std::vector<schema::Violation> violations;
};

class WriteService {
 public:
  WriteService(
      Runtime& runtime, RecordStore& store, DualWriter& writer, UuidSource& ids, Metrics& metrics);

  // Errors: kUnavailable, kDeadlineExceeded, kResourceExhausted: nothing was stored;
  // kOutcomeUnknown: it may have been. kInternal.
  Result<WriteReply> Create(const CreateRequest& request, Deadline deadline);

  // One reply each, in order; each for itself. Items of one natural key or idempotency key are
  // decided in the order given.
  std::vector<Result<WriteReply>> CreateEach(std::span<const CreateRequest> requests,
                                             Deadline deadline);

  // Stores all or none: when any status is not kCreated, kExisting or kReplayed, none is stored
  // and those that could have been say kNotAttempted.
  Result<std::vector<WriteReply>> CreateAll(std::span<const CreateRequest> requests,
                                            Deadline deadline);

  Result<WriteReply> Patch(const PatchRequest& request, Deadline deadline);

 private:
  class KeyTurn;
  static std::set<std::string> KeysOf(std::span<const CreateRequest> requests);
  CreateOp MakeOp(const CreateRequest& request, WallTime now);
  Result<WriteReply> ReplyTo(const CreateRequest& request,
                             WallTime now,
                             const CommittedWrite& write,
                             Deadline deadline);
  Result<WriteReply> AnswerOf(const WriteOutcome& outcome, Deadline deadline);
  Result<WriteReply> ReadReply(const WriteOutcome& outcome, Deadline deadline);
  Result<WriteReply> PatchInTurn(const PatchRequest& request, Deadline deadline);
  Result<WriteReply> CommitPatch(const PatchRequest& request,
                                 const Record& current,
                                 RecordBody body,
                                 Deadline deadline);
  Result<WriteReply> AcceptUnchanged(const PatchRequest& request,
                                     const Record& current,
                                     Deadline deadline);
  Result<WriteReply> RefusePatch(const PatchRequest& request,
                                 WriteReply refusal,
                                 Deadline deadline);
  void CountWrite(RecordKind kind, const Result<WriteReply>& reply, SteadyTime begin);

  Runtime& runtime_;
  RecordStore& store_;
  DualWriter& writer_;
  UuidSource& ids_;
  Metrics& metrics_;
  Mutex mutex_;
  WaitQueue key_released_;
  std::unordered_set<std::string> running_keys_;
};

}  // namespace datastorage
