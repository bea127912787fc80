#include "engine/circuit_breaker.h"

#include <gtest/gtest.h>

#include "support/manual_runtime.h"

namespace datastorage {
namespace {

using std::chrono::seconds;
using State = CircuitBreaker::State;

class CircuitBreakerTest : public testing::Test {
 protected:
  void FailTimes(int count) {
    for (int i = 0; i < count; ++i) breaker_.Failed();
  }

  ManualRuntime runtime_;
  CircuitBreaker breaker_{runtime_, {.failure_count_max = 3, .pause = seconds(2)}};
};

TEST_F(CircuitBreakerTest, OpensAfterFailuresInARowOnly) {
  FailTimes(2);
  breaker_.Succeeded();
  FailTimes(2);
  EXPECT_EQ(breaker_.state(), State::kClosed);
  EXPECT_TRUE(breaker_.Allows());
  FailTimes(1);
  EXPECT_EQ(breaker_.state(), State::kOpen);
  EXPECT_FALSE(breaker_.Allows());
}

TEST_F(CircuitBreakerTest, LetsOneProbeThroughWhenThePauseIsOver) {
  FailTimes(3);
  runtime_.Advance(seconds(2) - Duration(1));
  EXPECT_FALSE(breaker_.Allows());
  runtime_.Advance(Duration(1));
  EXPECT_TRUE(breaker_.Allows());
  EXPECT_EQ(breaker_.state(), State::kProbing);
  EXPECT_FALSE(breaker_.Allows());
}

TEST_F(CircuitBreakerTest, ClosesWhenTheProbeSucceedsAndCountsFailuresAnew) {
  FailTimes(3);
  runtime_.Advance(seconds(2));
  ASSERT_TRUE(breaker_.Allows());
  breaker_.Succeeded();
  EXPECT_EQ(breaker_.state(), State::kClosed);
  FailTimes(2);
  EXPECT_TRUE(breaker_.Allows());
  EXPECT_TRUE(breaker_.Allows());
}

TEST_F(CircuitBreakerTest, PausesAgainWhenTheProbeFails) {
  FailTimes(3);
  runtime_.Advance(seconds(2));
  ASSERT_TRUE(breaker_.Allows());
  runtime_.Advance(seconds(1));
  breaker_.Failed();
  EXPECT_EQ(breaker_.state(), State::kOpen);
  runtime_.Advance(seconds(2) - Duration(1));
  EXPECT_FALSE(breaker_.Allows());
  runtime_.Advance(Duration(1));
  EXPECT_TRUE(breaker_.Allows());
}

TEST_F(CircuitBreakerTest, SendsAnotherProbeWhenOneNeverReports) {
  FailTimes(3);
  runtime_.Advance(seconds(2));
  ASSERT_TRUE(breaker_.Allows());
  runtime_.Advance(seconds(2) - Duration(1));
  EXPECT_FALSE(breaker_.Allows());
  runtime_.Advance(Duration(1));
  EXPECT_TRUE(breaker_.Allows());
}

TEST_F(CircuitBreakerTest, SaysWhatItWouldAllowWithoutSpendingTheProbe) {
  EXPECT_TRUE(breaker_.WouldAllow());
  FailTimes(3);
  EXPECT_FALSE(breaker_.WouldAllow());
  runtime_.Advance(seconds(2));
  EXPECT_TRUE(breaker_.WouldAllow());
  EXPECT_TRUE(breaker_.WouldAllow());
  EXPECT_EQ(breaker_.state(), State::kOpen);
  ASSERT_TRUE(breaker_.Allows());
  EXPECT_FALSE(breaker_.WouldAllow());
}

}  // namespace
}  // namespace datastorage
