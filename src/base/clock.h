// Clock and Deadline: the only sources of time, injected so that tests and the
// simulator own it. Steady time measures waits; wall time is what records carry.
#pragma once

#include <chrono>
#include <cstdint>

namespace datastorage {

using Duration = std::chrono::microseconds;
// Microseconds on a monotonic axis whose origin means nothing.
using SteadyTime = std::chrono::time_point<std::chrono::steady_clock, Duration>;
// Microseconds since 1970-01-01T00:00:00Z: the resolution of every stored time.
using WallTime = std::chrono::time_point<std::chrono::system_clock, Duration>;

// Thread-safe.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual SteadyTime Now() const = 0;
  virtual WallTime WallNow() const = 0;
};

// The machine's clocks. Lives as long as the process.
const Clock& SystemClock();

// The moment after which nobody waits for the answer. A value: pass it on whole,
// so that a chain of calls shares one budget.
class Deadline {
 public:
  static Deadline At(SteadyTime time) { return Deadline(time); }
  static Deadline In(Duration budget, const Clock& clock = SystemClock()) {
    return Deadline(clock.Now() + budget);
  }
  static Deadline Never() { return Deadline(SteadyTime::max()); }

  SteadyTime time() const { return time_; }
  bool HasPassed(const Clock& clock = SystemClock()) const { return clock.Now() >= time_; }
  // Never negative; a year for Never(), so that it can be added to a time.
  Duration Remaining(const Clock& clock = SystemClock()) const;
  // The earlier of this deadline and `budget` from now.
  Deadline Within(Duration budget, const Clock& clock = SystemClock()) const;

 private:
  explicit Deadline(SteadyTime time) : time_(time) {}
  SteadyTime time_;
};

}  // namespace datastorage
