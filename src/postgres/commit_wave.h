// CommitWave: some operations of a commit that touch no name twice. They are decided by what was
// read of those names under lock, in memory, and written at once: two round trips, however many
// operations. docs/commit.md has the table operation × state → outcome.
//
// Threads: none; it lives as long as its part of one transaction.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "domain/query.h"
#include "domain/write.h"
#include "postgres/connection.h"
#include "postgres/record_columns.h"

namespace datastorage::postgres {

// The operations in order, cut so that each part touches an id, a natural key or an idempotency key
// at most once, and that what frees or finishes claims stands apart.
std::vector<std::span<const WriteOp>> SplitIntoWaves(std::span<const WriteOp> operations);

// A natural key: the kind's name and the key.
using HeldName = std::pair<std::string, std::string>;

struct ActiveSet {
  VectorSetId id = 0;
  std::string space;
  PendingRule rule = PendingRule::kEverySet;
};

// What was read under lock.
struct WaveState {
  struct Claim {
    Sha256 request_hash{};
    int http_status = 0;
    RecordId id{};
    std::int64_t version = 0;
    std::optional<Stamp> record_stamp{};
    std::optional<Stamp> intent_stamp{};
  };
  struct Holder {
    RecordId id{};
    std::optional<Stamp> intent_stamp{};
    std::int64_t version = 0;
    Stamp stamp = 0;
    std::optional<Sha256> content_hash{};  // Nothing: there is no such record.
  };
  struct Head {
    std::string kind{};
    std::int64_t version = 0;
    Stamp stamp = 0;
    std::optional<Sha256> text_hash{};
    std::string natural_key{};
  };
  struct Use {
    std::string what{};
    std::int64_t version = 0;
    Stamp stamp = 0;
  };
  struct Intent {
    HeldName name{};
    Stamp stamp = 0;
  };
  struct Pending {
    Stamp stamp = 0;
    std::string state{};
    WallTime due_at{};
    std::int64_t attempt_count = 0;
    std::string reason{};
    WallTime since{};
  };

  std::vector<ActiveSet> sets;          // Not retired.
  std::set<std::string> own_claims;     // Claimed by this wave.
  std::map<std::string, Claim> claims;  // Its own too.
  std::set<HeldName> own_names;
  std::map<HeldName, Holder> holders;
  std::map<Sha256, RecordId> erased_names;
  std::map<RecordId, Use> uses;
  std::map<RecordId, Head> heads;
  std::map<RecordId, Intent> intents;
  std::map<std::pair<RecordId, std::string>, Sha256> embeddings;
  std::map<std::pair<RecordId, VectorSetId>, Pending> pending;
  std::vector<Stamp> stamps;  // Drawn, in the order of their use.
};

// What is to be written.
struct WaveChanges {
  struct Adoption {
    std::string key;
    RecordId id;
    std::int64_t version = 0;
  };
  struct Erasure {
    const EraseOp* operation = nullptr;
    WaveState::Head head;
    Stamp stamp = 0;
  };
  struct NewEmbedding {
    RecordId id;
    const SpacedEmbedding* embedding = nullptr;
    Stamp stamp = 0;
  };

  std::vector<std::string> freed_claims;
  std::vector<Adoption> adopted_claims;
  std::vector<HeldName> freed_names;
  std::vector<std::pair<HeldName, std::optional<Stamp>>> finished_names;
  std::vector<RecordId> finished_intents;
  std::vector<RecordId> aborted_intents;
  RecordColumns inserted;
  RecordColumns updated;
  std::vector<std::pair<RecordId, std::optional<Sha256>>> changed_texts;
  std::vector<std::pair<RecordId, Stamp>> raised;
  std::vector<NewEmbedding> embeddings;
  std::vector<std::pair<RecordId, std::string>> dropped_embeddings;
  std::set<std::pair<RecordId, VectorSetId>> put_pending;  // As state.pending has them then.
  std::set<std::pair<RecordId, VectorSetId>> dropped_pending;
  std::vector<Erasure> erasures;
  std::optional<WallTime> last_claim;
};

// How a wave's transaction begins; in a hurry, it waits for its rows and keys for a moment only.
enum class WaveBegin : std::uint8_t { kGoesOn, kBegins, kBeginsInHurry };

// commit_read.cc: claims, locks and reads all that the operations name, in one round trip; begins
// the transaction on the way. Errors: kConflict when another transaction changed what was read
// meanwhile: the whole transaction is to be repeated.
Result<WaveState> ReadWave(Connection& connection,
                           std::span<const WriteOp> operations,
                           WaveBegin begin,
                           Deadline deadline);

// commit_decide.cc: one outcome an operation. `now` is for operations that carry no time.
std::vector<WriteOutcome> DecideWave(std::span<const WriteOp> operations,
                                     WallTime now,
                                     WaveState& state,
                                     WaveChanges& changes);

// commit_write.cc: the statements that write the changes, none where there is nothing to write.
std::vector<Call> WriteCalls(WaveChanges& changes, const WaveState& state);

}  // namespace datastorage::postgres
