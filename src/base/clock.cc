#include "base/clock.h"

#include <algorithm>

namespace datastorage {
namespace {

class MachineClock final : public Clock {
 public:
  SteadyTime Now() const override {
    return std::chrono::time_point_cast<Duration>(std::chrono::steady_clock::now());
  }
  WallTime WallNow() const override {
    return std::chrono::time_point_cast<Duration>(std::chrono::system_clock::now());
  }
};

}  // namespace

const Clock& SystemClock() {
  static const MachineClock clock;
  return clock;
}

Duration Deadline::Remaining(const Clock& clock) const {
  const Duration year = std::chrono::hours(24 * 365);
  const SteadyTime now = clock.Now();
  if (time_ <= now) return Duration::zero();
  return time_ - now > year ? year : time_ - now;
}

Deadline Deadline::Within(Duration budget, const Clock& clock) const {
  return Deadline(std::min(time_, clock.Now() + budget));
}

}  // namespace datastorage
