#include "engine/circuit_breaker.h"

#include <gtest/gtest.h>

#include "support/manual_runtime.h"

namespace datastorage {
namespace {

using std::chrono::seconds;
using State = CircuitBreaker::State;

constexpr Duration kFair = std::chrono::milliseconds(500);
constexpr Duration kTooShort = kFair - Duration(1);

class CircuitBreakerTest : public testing::Test {
 protected:
  void FailTimes(int count) {
    for (int i = 0; i < count; ++i) breaker_.Failed();
  }

  // Makes calls that have `time` each and answer `code`; how many were made.
  int CallTimes(int count, Duration time, ErrorCode code) {
    int made_count = 0;
    for (int i = 0; i < count; ++i) {
      const Result<int> answer = breaker_.Guard(Deadline::In(time, runtime_), [&] {
        ++made_count;
        return Result<int>(Error{code, "no"});
      });
      EXPECT_FALSE(answer.has_value());
    }
    return made_count;
  }
  int Succeed(Duration time) {
    return breaker_.Guard(Deadline::In(time, runtime_), [] { return Result<int>(1); }).value_or(0);
  }

  ManualRuntime runtime_;
  CircuitBreaker breaker_{runtime_,
                          {.failure_count_max = 3, .pause = seconds(2), .fair_time = kFair}};
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

TEST_F(CircuitBreakerTest, CountsOnlyWhatIsTheServersOwnFailure) {
  struct Case {
    ErrorCode code;
    Duration time;
    int made_count;  // Of ten.
  };
  const Case cases[] = {
      {ErrorCode::kUnavailable, kFair, 3},
      {ErrorCode::kUnavailable, kTooShort, 3},
      {ErrorCode::kResourceExhausted, kFair, 3},
      {ErrorCode::kDeadlineExceeded, kFair, 3},
      {ErrorCode::kDeadlineExceeded, kTooShort, 10},
      {ErrorCode::kInternal, kFair, 10},
      {ErrorCode::kInvalidArgument, kFair, 10},
  };
  for (const Case& each : cases) {
    breaker_.Succeeded();
    EXPECT_EQ(CallTimes(10, each.time, each.code), each.made_count) << NameOf(each.code);
  }
}

TEST_F(CircuitBreakerTest, ForgetsNoFailureForACallerWithoutTime) {
  EXPECT_EQ(CallTimes(2, kFair, ErrorCode::kUnavailable), 2);
  EXPECT_EQ(CallTimes(5, kTooShort, ErrorCode::kDeadlineExceeded), 5);
  EXPECT_EQ(CallTimes(5, kFair, ErrorCode::kUnavailable), 1);
}

TEST_F(CircuitBreakerTest, LetsNobodyProbeWhoHasNoFairTime) {
  FailTimes(3);
  runtime_.Advance(seconds(2));
  EXPECT_EQ(Succeed(kTooShort), 0);
  EXPECT_EQ(breaker_.state(), State::kOpen);
  EXPECT_EQ(Succeed(kFair), 1);
  EXPECT_EQ(breaker_.state(), State::kClosed);
  EXPECT_EQ(Succeed(kTooShort), 1);
}

}  // namespace
}  // namespace datastorage
