#include "postgres/head_policy.h"

namespace datastorage::postgres {
namespace {

// Faster than this, vectors come in a burst, whose writers shall have the server for themselves. A
// builder could hardly keep up.
constexpr double kBurstRowsPerSecond = 1'000;

// At rest, from this part of a segment on one is built: a vector in it costs a fourth.
constexpr std::int64_t kSmallSegmentPart = 16;

}  // namespace

void HeadPolicy::NoteCount(std::int64_t count, SteadyTime now) {
  const std::int64_t added = count - (count_ - moved_count_);
  const double seconds = std::chrono::duration<double>(now - counted_at_).count();
  if (!has_counted_ || added > 0) grown_at_ = now;
  is_burst_ = has_counted_ && static_cast<double>(added) >= kBurstRowsPerSecond * seconds;
  has_counted_ = true;
  count_ = count;
  moved_count_ = 0;
  counted_at_ = now;
}

bool HeadPolicy::IsAtRest(SteadyTime now) const {
  return has_counted_ && now - grown_at_ >= options_.rest;
}

bool HeadPolicy::MayMerge(std::int64_t segment_count, SteadyTime now) const {
  const bool is_behind = count_ - moved_count_ >= options_.head_count_max / 2;
  // Each segment is one more place for every search to look in.
  const std::int64_t most = is_behind ? 2 * options_.segment_count_max : options_.segment_count_max;
  return IsAtRest(now) || segment_count >= most;
}

HeadWork HeadPolicy::Next(SteadyTime now) const {
  const std::int64_t waiting = count_ - moved_count_;
  if (waiting >= options_.segment_row_count) {
    const bool has_room = waiting < options_.head_count_max / 2;
    return is_burst_ && has_room ? HeadWork::kNothing : HeadWork::kBuild;
  }
  if (waiting <= 0 || !IsAtRest(now)) return HeadWork::kNothing;
  return waiting >= options_.segment_row_count / kSmallSegmentPart ? HeadWork::kBuild
                                                                   : HeadWork::kMove;
}

}  // namespace datastorage::postgres
