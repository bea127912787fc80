// ManualClock: a clock that stands still until a test moves it.
#pragma once

#include <atomic>

#include "base/clock.h"

namespace datastorage {

class ManualClock final : public Clock {
 public:
  SteadyTime Now() const override { return SteadyTime(Duration(ticks_.load())); }
  WallTime WallNow() const override {
    return WallTime(Duration(1'700'000'000'000'000 + ticks_.load()));
  }
  void Advance(Duration duration) { ticks_ += duration.count(); }

 private:
  std::atomic<std::int64_t> ticks_ = 1;
};

}  // namespace datastorage
