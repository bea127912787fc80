// VectorIndex: nearest-neighbour search over record embeddings. It holds only
// derived data: losing it costs a rebuild, never a record.
//
// Implementations: scan/scan_index.h. All pass test/contract/vector_index_contract.h.
// All are thread-safe.
//
// To come, with the engines on other servers (not virtual until an engine, the fake and the
// contract suite have them): Scan(range), VisibleBarrier(), HighestStamp(), Purge().
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "domain/query.h"

namespace datastorage {

// What may be seen between a commit of the record store and the vector's own write.
enum class Placement : std::uint8_t {
  kInProcess,     // Memory of the one service process; filled from the store at start.
  kSameDatabase,  // In the record's own transaction.
  kSeparate,      // Another server.
};

struct VectorIndexCapabilities {
  Placement placement = Placement::kInProcess;
  bool has_compare_and_set = true;  // Required: an engine without it is refused.
  bool is_visible_at_once = true;   // An acknowledged write is found by the next search.
  // Which filter leaves Nearest decides itself; the engine widens what it passes.
  bool (*can_decide)(const Filter& leaf) = nullptr;
};

// Without an embedding: a tombstone.
struct VectorWrite {
  RecordId id;
  Stamp stamp = 0;
  std::optional<Embedding> embedding;
  FilterMembers members;
};

enum class ApplyStatus : std::uint8_t {
  kApplied,     // The index holds this stamp, or held it already.
  kSuperseded,  // It holds a higher one: success for whoever wrote this.
  kRefused,     // This write alone cannot be taken; `message` of the log says why.
};

struct ApplyResult {
  ApplyStatus status = ApplyStatus::kApplied;
  Stamp held_stamp = 0;
};

struct Neighbor {
  RecordId id;
  Stamp stamp = 0;
  float score = 0;  // About the cosine, within `score_error` of it.
};

struct Neighbors {
  std::vector<Neighbor> hits;  // Best first.
  float score_error = 0;       // Bound of |score - cosine| for every point, listed or not.
  bool is_exhausted = false;   // No further point passes the filter.
};

class VectorIndex {
 public:
  virtual ~VectorIndex() = default;

  virtual VectorIndexCapabilities Capabilities() const = 0;

  // Applies each write whose stamp is higher than the one held for its id, so late, repeated
  // and reordered calls are harmless. One result per write, in order.
  // Errors, for the whole call: kUnavailable, kDeadlineExceeded, kResourceExhausted.
  virtual Result<std::vector<ApplyResult>> Apply(std::span<const VectorWrite> writes,
                                                 Deadline deadline) = 0;

  // Returns the at most `count_max` live points nearest to `query` that pass `filter`.
  // REQUIRES: 0 < count_max <= limits::kSearchCandidateCountMax; every leaf of `filter` is one
  // that can_decide accepts; `query` has length 1.
  // Errors: kUnavailable, kDeadlineExceeded.
  virtual Result<Neighbors> Nearest(const Embedding& query,
                                    const Filter& filter,
                                    int count_max,
                                    Deadline deadline) = 0;

  // Live points.
  virtual std::int64_t Size() const = 0;
};

}  // namespace datastorage
