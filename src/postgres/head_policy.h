// HeadPolicy: what is to be done with the vectors that wait in the head, by how many they are and
// how fast they come.
//
// Threads: none.
#pragma once

#include <cstdint>

#include "base/clock.h"

namespace datastorage::postgres {

enum class HeadWork : std::uint8_t {
  kNothing,  // Searches compare with each: that is cheap while they are few.
  kMove,     // Row by row, into the index of segment 0.
  kBuild,    // A segment.
};

class HeadPolicy {
 public:
  struct Options {
    std::int64_t segment_row_count = 8'192;
    std::int64_t head_count_max = 32'768;
    std::int64_t segment_count_max = 16;  // More of them are merged while vectors come, too.
    // After so long without a new vector, what is left is moved, or built if it is not little.
    Duration rest = std::chrono::seconds(10);
  };

  explicit HeadPolicy(const Options& options) : options_(options) {}

  // REQUIRES: `now` never goes back.
  void NoteCount(std::int64_t count, SteadyTime now);
  void NoteMoved(std::int64_t count) { moved_count_ += count; }
  HeadWork Next(SteadyTime now) const;
  // Merging takes a processor for long: while the head fills up, that is a builder's.
  bool MayMerge(std::int64_t segment_count, SteadyTime now) const;
  // No new vector came for a while.
  bool IsAtRest(SteadyTime now) const;

 private:
  const Options options_;
  bool has_counted_ = false;
  std::int64_t count_ = 0;
  std::int64_t moved_count_ = 0;  // Since it was counted, by this replica.
  SteadyTime counted_at_{};
  SteadyTime grown_at_{};
  bool is_burst_ = false;
};

}  // namespace datastorage::postgres
