// ScanIndex: the VectorIndex of this process. A search selects the rows that pass the filter, scans
// their 8-bit codes with SIMD and keeps the best; no point is ever skipped, so the only error is
// that of the codes, and its bound is part of the answer.
//
// Threads:     safe to call concurrently. Nearest takes no lock and sees one instant: of a point
//              that is being updated exactly the old or exactly the new version. Apply calls
//              wait for each other; one that compacts also waits for the searches then running.
// Ownership:   keeps a reference to `clock`, which must outlive it.
// Memory:      about 0.6 KB a point with a dozen short members; while compacting, twice that.
// Limitations: nothing is kept on disk. Of the oldest tombstones beyond tombstone_count_max a late
//              older write would be taken; search drops what has no record, the reconciler
//              removes it.
#pragma once

#include <atomic>
#include <deque>
#include <mutex>
#include <optional>
#include <unordered_map>

#include "base/limits.h"
#include "ports/vector_index.h"
#include "scan/published.h"
#include "scan/row_table.h"

namespace datastorage {

class ScanIndex final : public VectorIndex {
 public:
  struct Options {
    // Live points. A write of one more answers kResourceExhausted; the call's other writes are
    // applied, so that updates and deletions go on.
    std::uint32_t point_count_max = limits::kScanPointCountMax;
    std::size_t tombstone_count_max = limits::kScanTombstoneCountMax;
  };

  explicit ScanIndex(const Options& options, const Clock& clock = SystemClock());

  VectorIndexCapabilities Capabilities() const override;
  // Refuses a vector that is not unit, and members whose id is not the write's.
  Result<std::vector<ApplyResult>> Apply(std::span<const VectorWrite> writes,
                                         Deadline deadline) override;
  // Looks at the clock once a block of 4,096 rows.
  Result<Neighbors> Nearest(const Embedding& query,
                            const Filter& filter,
                            int count_max,
                            Deadline deadline) override;
  // At once: an applied write is visible.
  Result<void> AwaitVisible(Deadline deadline) override;
  // A page looks at all ids. Embeddings come from the 8-bit codes; long texts and metadata are not
  // kept.
  Result<std::vector<HeldPoint>> Scan(RecordId after,
                                      int limit,
                                      bool with_content,
                                      Deadline deadline) override;
  Result<Stamp> HighestStamp(Deadline deadline) override;
  Result<std::int64_t> PurgeTombstones(Stamp floor, Deadline deadline) override;
  // The mark is forgotten with the process, like all that the index holds.
  Result<VectorSetId> Claim(VectorSetId set, Deadline deadline) override;
  std::int64_t Size() const override { return live_count_.load(); }

 private:
  struct Held {
    Stamp stamp = 0;
    std::optional<std::uint32_t> row;  // Absent: a tombstone.
  };
  struct Tombstone {
    RecordId id;
    Stamp stamp = 0;
  };

  // All REQUIRE mutex_. nullopt: no room for another point.
  std::optional<ApplyResult> ApplyOne(const VectorWrite& write);
  std::optional<ApplyResult> Store(const VectorWrite& write);
  void Bury(const VectorWrite& write);
  void CompactIfDue();
  HeldPoint PointOf(RecordId id, bool with_content);

  const Options options_;
  const Clock& clock_;
  scan::Published<scan::RowTable> table_;
  std::atomic<std::int64_t> live_count_{0};

  std::mutex mutex_;  // Guards what follows, and writing to the table.
  std::unordered_map<RecordId, Held> held_;
  std::deque<Tombstone> tombstones_;  // Oldest first; some may be overwritten since.
  std::optional<VectorSetId> claimed_by_;
};

}  // namespace datastorage
