// The simulator's run: histories of many seeds, none of which breaks a promise.
//
// DS_SIM_SEEDS=N runs N seeds in place of the number below, from DS_SIM_FIRST on; DS_SIM_SEED=S
// runs one, and prints its trace.
#include <gtest/gtest.h>

#include <cstdlib>
#include <iostream>

#include "base/log.h"
#include "sim/sim_world.h"

namespace datastorage {
namespace {

std::uint64_t NumberFrom(const char* variable, std::uint64_t number) {
  const char* text = std::getenv(variable);
  return text != nullptr ? std::strtoull(text, nullptr, 10) : number;
}

// What the engine logs of a thousand faults is of no use here.
class Simulator : public testing::Test {
 protected:
  Simulator() { SetLogLevel(LogLevel::kError); }
  ~Simulator() override { SetLogLevel(LogLevel::kInfo); }
};

void RunSeeds(SimPlacement placement, std::uint64_t count, FaultCounts& counts) {
  const std::uint64_t only = NumberFrom("DS_SIM_SEED", 0);
  const std::uint64_t first = only != 0 ? only : NumberFrom("DS_SIM_FIRST", 1);
  const std::uint64_t seed_count = only != 0 ? 1 : NumberFrom("DS_SIM_SEEDS", count);
  SimTally tally;
  for (std::uint64_t seed = first; seed < first + seed_count; ++seed) {
    SimOptions options;
    options.seed = seed;
    options.placement = placement;
    options.keeps_trace = only != 0;
    const SimResult result = SimWorld(options, counts).Run();
    for (const std::string& line : result.trace) std::cout << line << "\n";
    ASSERT_EQ(result.trouble, "") << "DS_SIM_SEED=" << seed << " repeats it";
    tally.Add(result.tally);
  }
  std::cout << seed_count << " histories\n" << tally.Table() << counts.Table();
}

TEST_F(Simulator, KeepsEveryPromiseWithVectorsOnAnotherServer) {
  constexpr std::uint64_t kSeedCount = 10'000;
  FaultCounts counts;
  RunSeeds(SimPlacement::kSeparate, kSeedCount, counts);
  if (HasFatalFailure() || NumberFrom("DS_SIM_SEEDS", kSeedCount) < kSeedCount ||
      NumberFrom("DS_SIM_SEED", 0) != 0) {
    return;
  }
  // A step that no fault ever met cannot pass for one that withstood them all.
  for (const std::string_view step :
       {"commit/begin_intent",   "commit/create",      "commit/create_strict",
        "commit/update",         "commit/erase",       "commit/abort_intent",
        "create/apply",          "strict/apply",       "patch/apply",
        "erase/apply_tombstone", "relay/apply",        "relay/apply_tombstone",
        "relay/store_embedding", "relay/abort_intent", "relay/lease_due",
        "settle/await_visible",  "settle/settle",      "search/pending_ids",
        "search/nearest",        "search/read",        "reconcile/scan",
        "reconcile/enqueue"}) {
    for (const FaultKind kind : {FaultKind::kNone,
                                 FaultKind::kUnavailable,
                                 FaultKind::kRequestLost,
                                 FaultKind::kAnswerLost,
                                 FaultKind::kDelayed,
                                 FaultKind::kSlow}) {
      EXPECT_GT(counts.Of(kind, step), 0U) << step << " never met " << NameOf(kind);
    }
  }
  for (const std::string_view step :
       {"create", "strict", "patch", "erase", "search", "reconcile", "relay", "settle", "commit"}) {
    EXPECT_GT(counts.Of(FaultKind::kCrash, step), 0U) << step << " was never crashed";
  }
}

TEST_F(Simulator, KeepsEveryPromiseWithVectorsInProcess) {
  FaultCounts counts;
  RunSeeds(SimPlacement::kInProcess, 5'000, counts);
}

TEST_F(Simulator, RepeatsAHistoryFromItsSeed) {
  FaultCounts counts;
  SimOptions options;
  options.seed = 42;
  const SimResult first = SimWorld(options, counts).Run();
  const SimResult second = SimWorld(options, counts).Run();
  EXPECT_EQ(first.trace_hash, second.trace_hash);
  EXPECT_EQ(first.step_count, second.step_count);
}

}  // namespace
}  // namespace datastorage
