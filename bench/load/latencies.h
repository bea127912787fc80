// Latencies: how long each request of a run took. Kept to the microsecond, all of them: a run has
// as many as were planned, four bytes each.
//
// Threads: none; each thread has its own, merged at the end.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <vector>

namespace datastorage::load {

using Clock = std::chrono::steady_clock;

class Latencies {
 public:
  void Add(Clock::duration took) {
    const auto micros = std::chrono::duration_cast<std::chrono::microseconds>(took).count();
    micros_.push_back(static_cast<std::uint32_t>(std::clamp<std::int64_t>(micros, 0, UINT32_MAX)));
  }

  void Merge(const Latencies& other) {
    micros_.insert(micros_.end(), other.micros_.begin(), other.micros_.end());
  }

  std::size_t count() const { return micros_.size(); }

  // In milliseconds: what `share` of the requests took at most; 0 without any. Sorts.
  double At(double share) {
    if (micros_.empty()) return 0;
    std::sort(micros_.begin(), micros_.end());
    const auto place = static_cast<std::size_t>(share * static_cast<double>(micros_.size()));
    return micros_[std::min(place, micros_.size() - 1)] / 1e3;
  }

 private:
  std::vector<std::uint32_t> micros_;
};

}  // namespace datastorage::load
