#include "postgres/segment_codes.h"

#include <algorithm>
#include <numeric>
#include <set>

#include "codes/dot_kernel.h"

namespace datastorage::postgres {
namespace {

constexpr std::size_t kRowCount = CodedSegment::kBlockRowCount;

std::int64_t ByteCountOf(const BodySegment& segment) {
  const auto rows = static_cast<std::size_t>(std::max<std::int64_t>(segment.row_count, 1));
  return static_cast<std::int64_t>((rows + kRowCount - 1) / kRowCount *
                                   sizeof(CodedSegment::Block));
}

std::array<std::uint16_t, kRowCount> AllRows() {
  std::array<std::uint16_t, kRowCount> rows{};
  std::iota(rows.begin(), rows.end(), std::uint16_t{0});
  return rows;
}

// The best of what is offered, kept apart from the rest once there are twice as many as wanted: so
// each row costs one comparison with the worst that is still of use.
class Best {
 public:
  explicit Best(std::size_t count_max) : count_max_(count_max) { scored_.reserve(2 * count_max); }

  bool MayEnter(float score) const { return score > least_; }
  void Offer(float score, const Candidate& candidate) {
    scored_.push_back({score, candidate});
    if (scored_.size() == 2 * count_max_) Cut();
  }
  std::vector<Candidate> Take() {
    if (scored_.size() > count_max_) Cut();
    std::vector<Candidate> candidates;
    candidates.reserve(scored_.size());
    for (const Scored& each : scored_) candidates.push_back(each.candidate);
    return candidates;
  }

 private:
  struct Scored {
    float score = 0;
    Candidate candidate;
  };

  void Cut() {
    const auto worst = scored_.begin() + static_cast<std::ptrdiff_t>(count_max_ - 1);
    std::nth_element(scored_.begin(), worst, scored_.end(), [](const Scored& a, const Scored& b) {
      return a.score != b.score ? a.score > b.score : a.candidate.id < b.candidate.id;
    });
    least_ = worst->score;
    scored_.resize(count_max_);
  }

  const std::size_t count_max_;
  std::vector<Scored> scored_;
  float least_ = -2;  // No score of unit vectors is as low.
};

}  // namespace

void CodedSegment::Add(const Uuid& id, const Embedding& vector) {
  if (blocks_.empty() || blocks_.back()->row_count == kRowCount) {
    blocks_.push_back(std::make_unique<Block>());
  }
  Block& block = *blocks_.back();
  const std::size_t row = block.row_count++;
  block.ids[row] = id;
  codes::QuantizeRow(
      vector, block.codes.data() + row * kEmbeddingDimensionCount, &block.scales[row]);
  ++row_count_;
}

Result<std::vector<Candidate>> NearestByCodes(const Embedding& query,
                                              const CodedSegments& segments,
                                              std::size_t count_max,
                                              Deadline deadline) {
  static const std::array<std::uint16_t, kRowCount> all_rows = AllRows();
  const codes::QuantizedQuery quantized = codes::QuantizeQuery(query);
  std::array<std::int32_t, kRowCount> dots;
  Best best(count_max);
  for (const auto& segment : segments) {
    if (deadline.HasPassed()) return DeadlineExceeded("search vectors: out of time in a scan");
    for (const auto& block : segment->blocks()) {
      const std::span<const std::uint16_t> rows(all_rows.data(), block->row_count);
      codes::DotRows(quantized.codes.data(), block->codes.data(), rows, dots.data());
      for (std::size_t row = 0; row < rows.size(); ++row) {
        const float score = codes::ScoreOf(dots[row], quantized.scale, block->scales[row]);
        if (best.MayEnter(score)) best.Offer(score, {block->ids[row], segment->number()});
      }
    }
  }
  return best.Take();
}

CodedSegments SegmentCodes::Held(std::span<const BodySegment> wanted) const {
  CodedSegments segments;
  const std::lock_guard lock(mutex_);
  for (const BodySegment& each : wanted) {
    const auto found = held_.find({each.number, each.made});
    if (found != held_.end()) segments.push_back(found->second);
  }
  return segments;
}

std::optional<BodySegment> SegmentCodes::Next(std::span<const BodySegment> live) {
  std::vector<BodySegment> whole;
  std::copy_if(live.begin(), live.end(), std::back_inserter(whole), [](const BodySegment& each) {
    return each.number != 0 && each.made != 0;
  });
  // A graph of many rows is what costs most to walk through.
  std::sort(whole.begin(), whole.end(), [](const BodySegment& a, const BodySegment& b) {
    return a.row_count != b.row_count ? a.row_count > b.row_count : a.number < b.number;
  });
  std::int64_t left = byte_count_max_;
  std::set<Key> chosen;
  std::optional<BodySegment> next;
  const std::lock_guard lock(mutex_);
  for (const BodySegment& each : whole) {
    if (ByteCountOf(each) > left) continue;
    left -= ByteCountOf(each);
    const Key key(each.number, each.made);
    chosen.insert(key);
    if (!next.has_value() && !held_.contains(key)) next = each;
  }
  std::erase_if(held_, [&](const auto& each) { return !chosen.contains(each.first); });
  return next;
}

void SegmentCodes::Add(const BodySegment& segment, std::shared_ptr<const CodedSegment> codes) {
  const std::lock_guard lock(mutex_);
  held_[{segment.number, segment.made}] = std::move(codes);
}

std::int64_t SegmentCodes::RowCount() const {
  const std::lock_guard lock(mutex_);
  std::int64_t count = 0;
  for (const auto& [key, segment] : held_) count += segment->row_count();
  return count;
}

}  // namespace datastorage::postgres
