#include "schema/time.h"

#include <gtest/gtest.h>

#include <random>

namespace datastorage::schema {
namespace {

struct TimeCase {
  const char* sent;
  const char* answered;
};

TEST(Time, IsAnsweredInUtcToTheMicrosecond) {
  const std::vector<TimeCase> cases{
      {"2026-03-01T00:02:18Z", "2026-03-01T00:02:18Z"},
      {"2026-03-01T00:02:18.000000Z", "2026-03-01T00:02:18Z"},
      {"2026-03-01T00:02:18.7270Z", "2026-03-01T00:02:18.727Z"},
      {"2026-03-01T00:02:18.1234569Z", "2026-03-01T00:02:18.123456Z"},
      {"1969-12-31T23:59:59.9999999Z", "1969-12-31T23:59:59.999999Z"},
      {"2026-03-01t00:02:18z", "2026-03-01T00:02:18Z"},
      {"2026-03-01T01:32:18+01:30", "2026-03-01T00:02:18Z"},
      {"2026-02-28T23:02:18-01:00", "2026-03-01T00:02:18Z"},
      {"2026-03-01T00:00:00-00:00", "2026-03-01T00:00:00Z"},
      {"2024-02-29T12:00:00Z", "2024-02-29T12:00:00Z"},
      {"0001-01-01T00:00:00Z", "0001-01-01T00:00:00Z"},
      {"9999-12-31T23:59:59.999999Z", "9999-12-31T23:59:59.999999Z"},
      {"2016-12-31T23:59:60Z", "2017-01-01T00:00:00Z"},
      {"2016-12-31T18:59:60.5-05:00", "2017-01-01T00:00:00.5Z"},
  };
  for (const TimeCase& c : cases) {
    const std::optional<WallTime> time = ParseTime(c.sent);
    ASSERT_TRUE(time.has_value()) << c.sent;
    EXPECT_EQ(FormatTime(*time), c.answered) << c.sent;
  }
}

class RefusedTime : public testing::TestWithParam<const char*> {};

TEST_P(RefusedTime, IsNoTime) {
  EXPECT_EQ(ParseTime(GetParam()), std::nullopt);
}

INSTANTIATE_TEST_SUITE_P(Cases,
                         RefusedTime,
                         testing::Values("",
                                         "2026",
                                         "2026-03-01",
                                         "2026-03-01T00:02:18",
                                         "2026-03-01 00:02:18Z",
                                         "2026-03-01T00:02Z",
                                         "2026-03-01T00:02:18.Z",
                                         "2026-03-01T00:02:18,5Z",
                                         "2026-3-01T00:02:18Z",
                                         "2026-13-01T00:02:18Z",
                                         "2026-00-01T00:02:18Z",
                                         "2026-02-29T00:02:18Z",
                                         "2026-03-00T00:02:18Z",
                                         "2026-03-01T24:00:00Z",
                                         "2026-03-01T00:60:00Z",
                                         "2026-03-01T00:00:61Z",
                                         "2026-03-01T12:00:60Z",
                                         "2026-03-01T00:02:18+24:00",
                                         "2026-03-01T00:02:18+01:60",
                                         "2026-03-01T00:02:18+0100",
                                         "2026-03-01T00:02:18Z ",
                                         " 2026-03-01T00:02:18Z",
                                         "2026-03-01T00:02:18ZZ",
                                         "-026-03-01T00:02:18Z",
                                         "0000-12-31T23:59:59Z",
                                         "10000-01-01T00:00:00Z",
                                         "0001-01-01T00:00:00+00:01",
                                         "9999-12-31T23:59:59-00:01",
                                         "9999-12-31T23:59:60Z",
                                         "1772323338",
                                         "2026-03-01T00:02:18.1e5Z",
                                         "２026-03-01T00:02:18Z"));

TEST(Time, ComesBackFromItsText) {
  std::mt19937_64 random(7);
  std::uniform_int_distribution<std::int64_t> micros(-62'135'596'800'000'000,
                                                     253'402'300'799'999'999);
  for (int i = 0; i < 20'000; ++i) {
    const WallTime time{Duration(micros(random))};
    ASSERT_EQ(ParseTime(FormatTime(time)), time) << FormatTime(time);
  }
}

TEST(Duration, IsReadWithUnits) {
  using namespace std::chrono_literals;
  EXPECT_EQ(ParseDuration("24h"), 24h);
  EXPECT_EQ(ParseDuration("7d"), 168h);
  EXPECT_EQ(ParseDuration("30s"), 30s);
  EXPECT_EQ(ParseDuration("5m"), 5min);
  EXPECT_EQ(ParseDuration("250ms"), 250ms);
  EXPECT_EQ(ParseDuration("1h30m"), 90min);
  EXPECT_EQ(ParseDuration("0s"), 0s);
  EXPECT_EQ(ParseDuration("36525d"), 24h * 36'525);
}

TEST(Duration, IsRefusedWhenMalformedOrTooLong) {
  for (const char* text : {"",
                           "5",
                           "h",
                           "-5m",
                           "5 m",
                           "5M",
                           "1.5h",
                           "5us",
                           "36526d",
                           "36525d1ms",
                           "99999999999999999999s",
                           "5m ",
                           "1h30"}) {
    EXPECT_EQ(ParseDuration(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace datastorage::schema
