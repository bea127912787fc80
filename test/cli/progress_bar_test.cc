#include "cli/progress_bar.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

namespace datastorage::cli {
namespace {

using testing::HasSubstr;

class StandingClock final : public Clock {
 public:
  SteadyTime Now() const override { return now; }
  WallTime WallNow() const override { return {}; }
  SteadyTime now;
};

TEST(ProgressBar, DrawsOverItselfAtMostTenTimesASecond) {
  std::stringstream err;
  Console console{err, err, err};
  console.shows_progress = true;
  StandingClock clock;
  ProgressBar bar(console, 200, clock);
  bar.Show(50, "a");
  const std::string first = err.str();
  EXPECT_THAT(first, HasSubstr("██████░░"));
  EXPECT_THAT(first, HasSubstr(" 25 %  a"));
  bar.Show(60, "b");
  EXPECT_EQ(err.str(), first);
  clock.now += std::chrono::milliseconds(100);
  bar.Show(200, "c");
  EXPECT_THAT(err.str(), HasSubstr("100 %  c"));
  bar.Clear();
  EXPECT_TRUE(err.str().ends_with("\r\x1b[K"));
}

TEST(ProgressBar, IsSilentWhereThereIsNoTerminal) {
  std::stringstream err;
  const Console console{err, err, err};
  {
    ProgressBar bar(console, 200);
    bar.Show(50, "a");
  }
  EXPECT_EQ(err.str(), "");
}

TEST(ProgressBar, GroupsDigits) {
  EXPECT_EQ(Grouped(0), "0");
  EXPECT_EQ(Grouped(999), "999");
  EXPECT_EQ(Grouped(1'000), "1,000");
  EXPECT_EQ(Grouped(1'234'567), "1,234,567");
}

}  // namespace
}  // namespace datastorage::cli
