// CommitWave: some operations of a commit that touch no name twice. They are decided by what was
// read of those names under lock, in memory, and written at once: two round trips, however many
// operations, and a third one where something is in the way. docs/commit.md has the table operation
// × state → outcome.
//
// Threads: none; it lives as long as its part of one transaction.
#pragma once

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
#include "postgres/vector_statements.h"
#include "postgres/wave_state.h"

namespace datastorage::postgres {

// The operations in order, cut so that each part touches an id, a natural key or an idempotency key
// at most once, and that what frees or finishes claims stands apart.
std::vector<std::span<const WriteOp>> SplitIntoWaves(std::span<const WriteOp> operations);

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

  // Of the set whose vectors are written here; there is at most one.
  struct Point {
    RecordId id;
    Stamp stamp = 0;
    const Embedding* vector = nullptr;  // None: a tombstone.
    bool is_new = false;                // Of a creation.
  };

  std::vector<std::string> freed_claims;
  std::vector<Adoption> adopted_claims;
  std::vector<HeldName> freed_names;
  std::vector<std::pair<HeldName, std::optional<Stamp>>> finished_names;
  std::vector<RecordId> finished_intents;
  std::vector<RecordId> aborted_intents;
  NewRecordColumns inserted;
  RecordColumns updated;
  std::vector<std::pair<RecordId, std::optional<Sha256>>> changed_texts;
  std::vector<std::pair<RecordId, Stamp>> raised;
  std::vector<NewEmbedding> embeddings;
  std::vector<std::pair<RecordId, std::string>> dropped_embeddings;
  std::set<std::pair<RecordId, VectorSetId>> put_pending;  // As state.pending has them then.
  std::set<std::pair<RecordId, VectorSetId>> dropped_pending;
  std::vector<Erasure> erasures;
  std::vector<Point> points;
  std::vector<std::pair<RecordId, Stamp>> raised_points;  // Their vectors stay.
  std::optional<WallTime> last_claim;
};

// How a wave's transaction begins; in a hurry, it waits for its rows and keys for a moment only.
enum class WaveBegin : std::uint8_t { kGoesOn, kBegins, kBeginsInHurry };

struct WaveStart {
  WaveBegin begin = WaveBegin::kGoesOn;
  // Does not look for records that have the ids of creations already: whoever makes ids makes new
  // ones. The primary key finds the exception; its transaction is to be repeated without trust.
  bool trusts_new_ids = false;
};

// commit_read.cc: claims, locks and reads all that the operations name, in one round trip, and in a
// second one who holds what was not to be had; begins the transaction on the way. Errors: kConflict
// when another transaction changed what was read meanwhile: the whole transaction is to be
// repeated.
Result<WaveState> ReadWave(Connection& connection,
                           std::span<const WriteOp> operations,
                           const WaveStart& start,
                           Deadline deadline);

// commit_decide.cc: one outcome an operation. `now` is for operations that carry no time.
std::vector<WriteOutcome> DecideWave(std::span<const WriteOp> operations,
                                     WallTime now,
                                     WaveState& state,
                                     WaveChanges& changes);

// commit_write.cc: the statements that write the changes, none where there is nothing to write.
// Those of points are to be prepared before, where WritesPoints.
std::vector<Call> WriteCalls(WaveChanges& changes, const WaveState& state, VectorWriteMode mode);
bool WritesPoints(const WaveChanges& changes);

}  // namespace datastorage::postgres
