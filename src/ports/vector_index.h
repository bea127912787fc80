// VectorIndex: nearest-neighbour search over record embeddings. It holds only
// derived data: losing it costs a rebuild, never a record.
//
// Implementations: scan/scan_index.h, postgres/pgvector_index.h. All are thread-safe and pass
// test/contract/vector_index_contract.h.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "domain/embedding.h"
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

// Whether any index takes it: a tombstone, or a unit vector whose members bear no other id.
inline bool IsTakeable(const VectorWrite& write) {
  if (!write.embedding.has_value()) return true;
  const MemberValue* const id = write.members.Find(Member::kId);
  return IsUnit(*write.embedding) && (id == nullptr || *id == MemberValue(write.id.ToString()));
}

enum class ApplyStatus : std::uint8_t {
  kApplied,     // The index holds this stamp, or held it already.
  kSuperseded,  // It holds a higher one: success for whoever wrote this.
  kRefused,     // This write alone cannot be taken; `message` of the log says why.
};

struct ApplyResult {
  ApplyStatus status = ApplyStatus::kApplied;
  Stamp held_stamp = 0;
};

// What an index holds for an id.
struct HeldPoint {
  RecordId id;
  Stamp stamp = 0;
  bool is_tombstone = false;
  std::optional<Embedding> embedding;  // If asked for; as near as the index keeps it.
  float embedding_error = 0;           // No component is further than this from what was applied.
  // If asked for. Of the values at least those that can_decide takes leaves of, exactly as they
  // were applied; the others, and metadata, only if the index keeps them.
  FilterMembers members;
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
  // Found through a graph: a point nearer than the last one listed may be missing.
  bool may_miss = false;
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

  // Returns once every Apply that was answered before this call is seen by Nearest. At once where
  // Capabilities().is_visible_at_once.
  // Errors: kUnavailable, kDeadlineExceeded.
  virtual Result<void> AwaitVisible(Deadline deadline) = 0;

  // Points and tombstones by id, after `after`, at most `limit`: as applied, whether searches see
  // them yet or not. `with_content` fills in the vectors and filter members as they are held.
  // REQUIRES: 0 < limit <= limits::kScanPageCountMax.
  // Errors: kUnavailable, kDeadlineExceeded.
  virtual Result<std::vector<HeldPoint>> Scan(RecordId after,
                                              int limit,
                                              bool with_content,
                                              Deadline deadline) = 0;

  // The highest stamp held, 0 when nothing is.
  // Errors: kUnavailable, kDeadlineExceeded.
  virtual Result<Stamp> HighestStamp(Deadline deadline) = 0;

  // Removes tombstones with stamps below `floor`, and returns how many. No request that carries a
  // stamp below it may still be under way.
  // Errors: kUnavailable, kDeadlineExceeded.
  virtual Result<std::int64_t> PurgeTombstones(Stamp floor, Deadline deadline) = 0;

  // Marks the index as the one of this set, and returns the set whose mark it bears: another one
  // when it was marked before.
  // Errors: kUnavailable, kDeadlineExceeded.
  virtual Result<VectorSetId> Claim(VectorSetId set, Deadline deadline) = 0;

  // Live points.
  virtual std::int64_t Size() const = 0;
};

}  // namespace datastorage
