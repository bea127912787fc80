#include "sim/sim_plan.h"

#include <gtest/gtest.h>

namespace datastorage {
namespace {

TEST(SimPlan, IsReadAsItIsWritten) {
  SimPlan plan;
  EXPECT_EQ(SimPlan::Parse(plan.ToString()), plan);
  EXPECT_EQ(SimPlan::Parse(""), plan);
  plan.client_count = 1;
  plan.crash_count_max = 0;
  plan.without = {SimPart::kMoves, SimPart::kEmbedderFaults};
  EXPECT_EQ(plan.ToString(),
            "clients=1 operations=7 replicas=3 crashes=0 troubles=4 "
            "without=moves,embedder_faults");
  EXPECT_EQ(SimPlan::Parse(plan.ToString()), plan);
}

TEST(SimPlan, IsNotReadFromWhatIsNone) {
  for (const char* text :
       {"clients", "clients=", "clients=0", "clients=1x", "without=sleep", "a=1"}) {
    EXPECT_EQ(SimPlan::Parse(text), std::nullopt) << text;
  }
}

TEST(SimPlan, GetsSmallerStepByStepUntilLittleIsLeft) {
  SimPlan plan;
  int step_count = 0;
  for (std::vector<SimPlan> smaller = plan.Smaller(); !smaller.empty(); smaller = plan.Smaller()) {
    for (const SimPlan& each : smaller) {
      EXPECT_LT(each.Size(), plan.Size());
      EXPECT_EQ(SimPlan::Parse(each.ToString()), each);
    }
    plan = smaller.back();
    ++step_count;
  }
  EXPECT_EQ(plan.Size(), 2);  // One operation of one client at one replica.
  EXPECT_LT(step_count, 60);
}

TEST(SimPlan, TakesOutFaultsByKind) {
  SimPlan plan;
  plan.without = {SimPart::kDelays};
  const SimFaults faults = plan.Limit(SimFaults::EachOf(50));
  EXPECT_EQ(faults.delayed, 0);
  EXPECT_EQ(faults.slow, 50);
}

}  // namespace
}  // namespace datastorage
