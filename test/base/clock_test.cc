#include "base/clock.h"

#include <gtest/gtest.h>

namespace datastorage {
namespace {

using namespace std::chrono_literals;

class SetClock final : public Clock {
 public:
  SteadyTime Now() const override { return now; }
  WallTime WallNow() const override { return WallTime(); }

  SteadyTime now{1h};
};

TEST(Deadline, PassesAtItsMoment) {
  SetClock clock;
  const Deadline deadline = Deadline::In(10ms, clock);
  EXPECT_EQ(deadline.time(), clock.now + 10ms);
  EXPECT_FALSE(deadline.HasPassed(clock));
  EXPECT_EQ(deadline.Remaining(clock), 10ms);
  clock.now += 9999us;
  EXPECT_FALSE(deadline.HasPassed(clock));
  EXPECT_EQ(deadline.Remaining(clock), 1us);
  clock.now += 1us;
  EXPECT_TRUE(deadline.HasPassed(clock));
  EXPECT_EQ(deadline.Remaining(clock), 0us);
  clock.now += 1h;
  EXPECT_EQ(deadline.Remaining(clock), 0us);
}

TEST(Deadline, NeverIsFarButCanBeAdded) {
  SetClock clock;
  EXPECT_FALSE(Deadline::Never().HasPassed(clock));
  EXPECT_EQ(Deadline::Never().Remaining(clock), 24h * 365);
  EXPECT_LT(clock.now, clock.now + Deadline::Never().Remaining(clock));
}

TEST(Deadline, WithinTakesTheEarlier) {
  SetClock clock;
  EXPECT_EQ(Deadline::In(10ms, clock).Within(5ms, clock).time(), clock.now + 5ms);
  EXPECT_EQ(Deadline::In(10ms, clock).Within(20ms, clock).time(), clock.now + 10ms);
  EXPECT_EQ(Deadline::Never().Within(5ms, clock).time(), clock.now + 5ms);
}

TEST(SystemClock, MovesForward) {
  const SteadyTime before = SystemClock().Now();
  EXPECT_LE(before, SystemClock().Now());
  EXPECT_GT(SystemClock().WallNow(),
            WallTime(std::chrono::sys_days(std::chrono::year(2024) / 1 / 1)));
}

}  // namespace
}  // namespace datastorage
