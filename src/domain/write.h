// What a write asks of the record store, and what became of it.
// docs/commit.md has the table operation × state → outcome.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/sha256.h"
#include "domain/embedding.h"
#include "domain/records.h"
#include "domain/vector_set.h"

namespace datastorage {

// A text's vector in the published space of `space`, with the hash of the text it was made of.
struct SpacedEmbedding {
  std::string space;
  Sha256 text_hash{};
  Embedding vector{};
};

// The first writer of a key wins it for limits::kIdempotencyKeyLifetime, bound to what was asked.
struct IdempotencyClaim {
  std::string key;
  Sha256 request_hash{};  // Of route and body as sent.
};

// Claims the keys of a strict creation and leaves an intent row in each set that is not retired. A
// relay may abort it once `lease_until` has passed. Begun again, it stands as it was begun first.
struct BeginIntentOp {
  RecordId id;
  RecordKind kind = RecordKind::kRemediation;
  std::string natural_key;
  Sha256 content_hash{};
  std::optional<IdempotencyClaim> claim;
  WallTime now;
  WallTime lease_until;
};

struct CreateOp {
  RecordId id;
  Uuid attempt;
  RecordBody body;
  Sha256 content_hash{};  // Of the content as the client meant it (schema::ContentHash).
  WallTime now;
  std::optional<IdempotencyClaim> claim;
  std::optional<Sha256> text_hash;          // Of the embedded text; absent: nothing to embed.
  std::vector<SpacedEmbedding> embeddings;  // At most one a space.
  PendingReason pending_reason = PendingReason::kNotYet;
  std::optional<Stamp> consumes_intent;  // Strict: T1' of this intent.
};

struct UpdateOp {
  RecordId id;
  Uuid attempt;
  std::int64_t expected_version = 0;
  RecordBody body;  // The whole new content; same kind and natural key.
  // What was asked changes nothing: the claim alone is made, and the record left as it is.
  bool claims_only = false;
  WallTime now;
  std::optional<IdempotencyClaim> claim;
  std::optional<Sha256> text_hash;
  std::vector<SpacedEmbedding> embeddings;  // Empty keeps stored ones whose text_hash is unchanged.
  PendingReason pending_reason = PendingReason::kNotYet;
};

struct EraseOp {
  RecordId id;
  Uuid attempt;
  WallTime now;
  std::string actor;
  std::string why;
};

struct AbortIntentOp {
  RecordId id;
  Stamp intent_stamp = 0;
};

// Commits only if the record's embedded text still has the embedding's text_hash;
// takes a fresh stamp, also for the pending rows of the sets of its space.
struct StoreEmbeddingOp {
  RecordId id;
  SpacedEmbedding embedding;
};

// Leaves a due row for (set, id) under a fresh stamp, raising the record's own with it, and so for
// the other sets that hold the record; nothing when a row exists already, unless it `renews`: then
// a due or parked row is due now under a fresh stamp too. An intent is left alone.
struct EnqueuePendingOp {
  VectorSetId set = 0;
  RecordId id;
  PendingReason reason = PendingReason::kReconcile;
  bool renews = false;
};

using WriteOp = std::variant<BeginIntentOp,
                             CreateOp,
                             UpdateOp,
                             EraseOp,
                             AbortIntentOp,
                             StoreEmbeddingOp,
                             EnqueuePendingOp>;

enum class WriteStatus : std::uint8_t {
  kIntentBegun,
  kCreated,
  kExisting,   // What was asked for is there: nothing written, key claimed.
  kReplayed,   // The idempotency key was used for the same request: its answer.
  kKeyReused,  // The idempotency key was used for another request.
  kConflict,   // The natural key holds other content; `id` names it.
  kUpdated,
  kStale,  // expected_version is not the record's; `version` tells it.
  kNotFound,
  kErased,  // The record, or the holder of the natural key, was erased before.
  kErasedNow,
  kFenced,  // The intent is gone: whoever took it over decides.
  kIntentAborted,
  kEmbeddingStored,
  kEmbeddingSuperseded,  // The record's text is another by now.
  kEnqueued,
  kAlreadyPending,
  kNotAttempted,  // All-or-nothing: a neighbour failed, so this was undone.
};
std::string_view NameOf(WriteStatus status);

struct WriteOutcome {
  WriteStatus status = WriteStatus::kNotFound;
  RecordId id;
  std::int64_t version = 0;
  Stamp stamp = 0;               // The record's (or intent's, or pending row's) after the commit.
  int replayed_http_status = 0;  // kReplayed: 200 or 201 as first answered.
  bool has_pending = false;      // A pending row of this write exists after the commit.
  bool is_recovered = false;     // Its COMMIT was not answered; `stamp` is the record's of later.
};

// Whether the operation did, or had already done, what was asked.
bool Succeeded(WriteStatus status);

}  // namespace datastorage
