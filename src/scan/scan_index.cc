#include "scan/scan_index.h"

#include <algorithm>
#include <array>
#include <bit>
#include <string>

#include "base/check.h"
#include "codes/dot_kernel.h"
#include "codes/quantized_vector.h"
#include "scan/nearest_rows.h"
#include "scan/row_filter.h"

namespace datastorage {
namespace {

using scan::kBlockRowCount;

// After every write at most a third of the rows is dead, or all fit in one block: so there are at
// most 3/2 · points rows and one to come, or one block.
std::uint32_t RowCountMax(std::uint32_t point_count_max) {
  DS_CHECK(point_count_max <= limits::kScanPointCountMax);
  return point_count_max + point_count_max / 2 + kBlockRowCount;
}

// One search: a snapshot, the compiled filter and the best so far.
class Search {
 public:
  Search(const scan::RowTable& table, const Embedding& query, const Filter& filter, int count_max)
      : table_(table),
        row_count_(table.row_count()),
        query_(codes::QuantizeQuery(query)),
        filter_(filter, table, row_count_),
        best_(static_cast<std::size_t>(count_max)) {}

  std::uint32_t block_count() const { return (row_count_ + kBlockRowCount - 1) / kBlockRowCount; }

  void ScanBlock(std::uint32_t index) {
    const std::span<const std::uint16_t> rows = RowsOf(filter_.Select(index));
    const scan::RowBlock& block = table_.block(index);
    codes::DotRows(query_.codes.data(), block.codes.data(), rows, dots_.data());
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const std::uint16_t slot = rows[i];
      const float score = codes::ScoreOf(dots_[i], query_.scale, block.scales[slot]);
      // Asked last: few rows get here.
      if (best_.MayEnter(score) && table_.IsVisible(index * kBlockRowCount + slot, row_count_)) {
        best_.Offer({block.ids[slot], block.stamps[slot], score});
      }
    }
  }

  Neighbors Finish(int count_max) {
    Neighbors found;
    found.hits = best_.Take();
    found.score_error = codes::ScoreErrorBound(query_, table_.WorstLoss());
    found.is_exhausted = found.hits.size() < static_cast<std::size_t>(count_max);
    return found;
  }

 private:
  std::span<const std::uint16_t> RowsOf(const scan::RowBits& bits) {
    std::size_t count = 0;
    for (std::size_t word = 0; word < bits.size(); ++word) {
      for (std::uint64_t rest = bits[word]; rest != 0; rest &= rest - 1) {
        const auto bit = static_cast<std::size_t>(std::countr_zero(rest));
        rows_[count++] = static_cast<std::uint16_t>(word * 64 + bit);
      }
    }
    return {rows_.data(), count};
  }

  const scan::RowTable& table_;
  const std::uint32_t row_count_;
  const codes::QuantizedQuery query_;
  const scan::RowFilter filter_;
  scan::NearestRows best_;
  std::array<std::uint16_t, kBlockRowCount> rows_;
  std::array<std::int32_t, kBlockRowCount> dots_;
};

}  // namespace

ScanIndex::ScanIndex(const Options& options, const Clock& clock)
    : options_(options),
      clock_(clock),
      table_(std::make_unique<scan::RowTable>(RowCountMax(options.point_count_max))) {}

VectorIndexCapabilities ScanIndex::Capabilities() const {
  VectorIndexCapabilities capabilities;
  capabilities.placement = Placement::kInProcess;
  capabilities.can_decide = &scan::CanDecide;
  return capabilities;
}

Result<std::vector<ApplyResult>> ScanIndex::Apply(std::span<const VectorWrite> writes,
                                                  Deadline deadline) {
  const std::lock_guard lock(mutex_);
  if (deadline.HasPassed(clock_)) return DeadlineExceeded("apply vectors: no time left");
  std::vector<ApplyResult> results;
  results.reserve(writes.size());
  bool had_room = true;
  for (const VectorWrite& write : writes) {
    const std::optional<ApplyResult> result = ApplyOne(write);
    CompactIfDue();
    had_room = had_room && result.has_value();
    results.push_back(result.value_or(ApplyResult{}));
  }
  if (!had_room) {
    return ResourceExhausted("apply vectors: the in-process index holds its " +
                             std::to_string(options_.point_count_max) + " points");
  }
  return results;
}

std::optional<ApplyResult> ScanIndex::ApplyOne(const VectorWrite& write) {
  const auto found = held_.find(write.id);
  if (found != held_.end() && found->second.stamp >= write.stamp) {
    const Stamp held = found->second.stamp;
    const bool is_same = held == write.stamp;
    return ApplyResult{is_same ? ApplyStatus::kApplied : ApplyStatus::kSuperseded, held};
  }
  if (!IsTakeable(write)) {
    return ApplyResult{ApplyStatus::kRefused, found != held_.end() ? found->second.stamp : 0};
  }
  if (write.embedding.has_value()) return Store(write);
  Bury(write);
  return ApplyResult{ApplyStatus::kApplied, write.stamp};
}

std::optional<ApplyResult> ScanIndex::Store(const VectorWrite& write) {
  const auto found = held_.find(write.id);
  const std::optional<std::uint32_t> predecessor =
      found != held_.end() ? found->second.row : std::nullopt;
  if (!predecessor.has_value()) {
    if (live_count_.load() >= std::int64_t{options_.point_count_max}) return std::nullopt;
    live_count_.fetch_add(1);
  }
  const std::uint32_t row =
      table_.writer().Append({write.id, write.stamp, *write.embedding, write.members}, predecessor);
  held_[write.id] = {write.stamp, row};
  return ApplyResult{ApplyStatus::kApplied, write.stamp};
}

void ScanIndex::Bury(const VectorWrite& write) {
  Held& held = held_[write.id];
  if (held.row.has_value()) {
    table_.writer().Kill(*held.row);
    live_count_.fetch_sub(1);
  }
  held = {write.stamp, std::nullopt};
  tombstones_.push_back({write.id, write.stamp});
  if (tombstones_.size() <= options_.tombstone_count_max) return;
  const auto oldest = held_.find(tombstones_.front().id);
  if (oldest != held_.end() && oldest->second.stamp == tombstones_.front().stamp) {
    held_.erase(oldest);
  }
  tombstones_.pop_front();
}

void ScanIndex::CompactIfDue() {
  const scan::RowTable& old = table_.writer();
  const std::uint64_t row_count = old.row_count();
  if (row_count < kBlockRowCount || std::uint64_t{old.dead_count()} * 3 <= row_count) return;
  auto compacted = old.Compacted();
  const std::uint32_t count = compacted->row_count();
  for (std::uint32_t row = 0; row < count; ++row) held_[compacted->IdOf(row)].row = row;
  table_.Publish(std::move(compacted));
}

Result<Neighbors> ScanIndex::Nearest(const Embedding& query,
                                     const Filter& filter,
                                     int count_max,
                                     Deadline deadline) {
  DS_CHECK(count_max > 0 && count_max <= limits::kSearchCandidateCountMax);
  if (deadline.HasPassed(clock_)) return DeadlineExceeded("search vectors: no time left");
  const auto table = table_.Read();
  Search search(*table, query, filter, count_max);
  for (std::uint32_t block = 0; block < search.block_count(); ++block) {
    if (block > 0 && deadline.HasPassed(clock_)) {
      return DeadlineExceeded("search vectors: out of time during the scan");
    }
    search.ScanBlock(block);
  }
  return search.Finish(count_max);
}

Result<void> ScanIndex::AwaitVisible(Deadline deadline) {
  if (deadline.HasPassed(clock_)) return DeadlineExceeded("await vectors: no time left");
  return {};
}

Result<std::vector<HeldPoint>> ScanIndex::Scan(RecordId after,
                                               int limit,
                                               bool with_content,
                                               Deadline deadline) {
  const auto count_max = static_cast<std::size_t>(limit);
  DS_CHECK(limit > 0 && count_max <= limits::kScanPageCountMax);
  const std::lock_guard lock(mutex_);
  if (deadline.HasPassed(clock_)) return DeadlineExceeded("scan vectors: no time left");
  std::vector<RecordId> lowest;  // A heap, the highest of them first.
  for (const auto& [id, held] : held_) {
    if (id <= after || (lowest.size() == count_max && id > lowest.front())) continue;
    if (lowest.size() == count_max) {
      std::pop_heap(lowest.begin(), lowest.end());
      lowest.pop_back();
    }
    lowest.push_back(id);
    std::push_heap(lowest.begin(), lowest.end());
  }
  std::sort_heap(lowest.begin(), lowest.end());
  std::vector<HeldPoint> points;
  points.reserve(lowest.size());
  for (const RecordId id : lowest) points.push_back(PointOf(id, with_content));
  return points;
}

HeldPoint ScanIndex::PointOf(RecordId id, bool with_content) {
  const Held& held = held_.at(id);
  HeldPoint point;
  point.id = id;
  point.stamp = held.stamp;
  point.is_tombstone = !held.row.has_value();
  if (point.is_tombstone || !with_content) return point;
  const codes::RestoredVector restored = table_.writer().VectorOf(*held.row);
  point.embedding = restored.vector;
  point.embedding_error = restored.error;
  point.members = table_.writer().MembersOf(*held.row);
  return point;
}

Result<Stamp> ScanIndex::HighestStamp(Deadline deadline) {
  const std::lock_guard lock(mutex_);
  if (deadline.HasPassed(clock_)) return DeadlineExceeded("read stamps: no time left");
  Stamp highest = 0;
  for (const auto& [id, held] : held_) highest = std::max(highest, held.stamp);
  return highest;
}

Result<std::int64_t> ScanIndex::PurgeTombstones(Stamp floor, Deadline deadline) {
  const std::lock_guard lock(mutex_);
  if (deadline.HasPassed(clock_)) return DeadlineExceeded("purge tombstones: no time left");
  std::int64_t count = 0;
  std::erase_if(tombstones_, [&](const Tombstone& tombstone) {
    if (tombstone.stamp >= floor) return false;
    const auto held = held_.find(tombstone.id);
    if (held != held_.end() && held->second.stamp == tombstone.stamp) {
      held_.erase(held);
      ++count;
    }
    return true;
  });
  return count;
}

Result<VectorSetId> ScanIndex::Claim(VectorSetId set, Deadline deadline) {
  const std::lock_guard lock(mutex_);
  if (deadline.HasPassed(clock_)) return DeadlineExceeded("claim index: no time left");
  if (!claimed_by_.has_value()) claimed_by_ = set;
  return *claimed_by_;
}

}  // namespace datastorage
