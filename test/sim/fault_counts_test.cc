#include "sim/fault_counts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace datastorage {
namespace {

using testing::ContainsRegex;

TEST(FaultCounts, CountsByKindAndStepAndAddsUp) {
  FaultCounts one;
  one.Add(FaultKind::kDelayed, "relay/apply");
  one.Add(FaultKind::kDelayed, "relay/apply");
  FaultCounts two;
  two.Add(FaultKind::kDelayed, "write/apply");
  two.Add(FaultKind::kCrash, "write/apply");
  two.Add(one);
  EXPECT_EQ(two.Of(FaultKind::kDelayed, "relay/apply"), 2u);
  EXPECT_EQ(two.Of(FaultKind::kDelayed), 3u);
  EXPECT_EQ(two.Of(FaultKind::kCrash, "relay/apply"), 0u);
  EXPECT_EQ(two.Of(FaultKind::kCrash, "no such step"), 0u);
}

TEST(FaultCounts, PrintsALineAStep) {
  FaultCounts counts;
  for (int i = 0; i < 12; ++i) counts.Add(FaultKind::kNone, "relay/apply");
  counts.Add(FaultKind::kPutBack, "vectors");
  EXPECT_THAT(counts.Table(), ContainsRegex("step +reached +unavailable .*put_back"));
  EXPECT_THAT(counts.Table(), ContainsRegex("relay/apply +12 +0 .* 0"));
  EXPECT_THAT(counts.Table(), ContainsRegex("vectors +0 .* 1"));
}

}  // namespace
}  // namespace datastorage
