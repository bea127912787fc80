// The simulator catches every mutant: with one guard of the protocol taken away, some history
// breaks a promise. This program has its own build of the engine, with the engine's mutants in it.
#include <gtest/gtest.h>

#include <iostream>
#include <ostream>

#include "base/log.h"
#include "engine/mutant.h"
#include "sim/sim_shrink.h"
#include "sim/sim_world.h"

namespace datastorage {
namespace {

constexpr std::uint64_t kSeedCountMax = 10'000;

struct MutantCase {
  SimMutant mutant;
  EngineMutant engine = EngineMutant::kNone;
  SimPlacement placement = SimPlacement::kSeparate;
  SimStore store = SimStore::kFake;

  friend void PrintTo(const MutantCase& each, std::ostream* out) { *out << each.mutant.name; }
};

SimMutant Store(const std::string& name, const FakeMutants& store) {
  SimMutant mutant;
  mutant.name = name;
  mutant.store = store;
  return mutant;
}

MutantCase Engine(const std::string& name,
                  EngineMutant engine,
                  SimPlacement placement = SimPlacement::kSeparate) {
  SimMutant mutant;
  mutant.name = name;
  return {mutant, engine, placement, SimStore::kFake};
}

MutantCase OverSqlite(MutantCase mutant) {
  mutant.mutant.name += "OverSqlite";
  mutant.store = SimStore::kSqlite;
  return mutant;
}

std::vector<MutantCase> Cases() {
  return {
      {{.name = "NoCompareAndSet", .lacks_compare_and_set = true}},
      {{.name = "NoTombstone", .lacks_tombstones = true}},
      {{.name = "SerialIds", .has_serial_ids = true}},
      {Store("NoStampGuard", {.settles_any_stamp = true})},
      {Store("NoFence", {.commits_without_intent = true})},
      {Store("EarlyStamp", {.draws_stamps_early = true})},
      {Store("OnePendingRow", {.leaves_one_row = true})},
      {Store("UnguardedEmbedding", {.stores_any_embedding = true})},
      {Store("SameStamp", {.keeps_stamp_of_embedded = true})},
      {Store("AsynchronousT1", {.acknowledges_unsynced = true})},
      Engine("OriginalOrder", EngineMutant::kOriginalOrder),
      Engine("EarlyT2", EngineMutant::kEarlySettle),
      Engine("SyncedUnanswered", EngineMutant::kSyncedUnanswered),
      Engine("LostIsFailed", EngineMutant::kLostIsFailed),
      Engine("IndexFirst", EngineMutant::kIndexFirst),
      Engine("SettlesUnsent", EngineMutant::kSettlesUnsent),
      Engine("LeavesEarly", EngineMutant::kLeavesEarly, SimPlacement::kInProcess),
      Engine("NeverEnters", EngineMutant::kNeverEnters, SimPlacement::kInProcess),
      OverSqlite({{.name = "NoSyncs", .lacks_syncs = true}}),
      OverSqlite(Engine("SettlesUnsent", EngineMutant::kSettlesUnsent)),
      OverSqlite(Engine("NeverEnters", EngineMutant::kNeverEnters, SimPlacement::kInProcess)),
  };
}

class Mutants : public testing::TestWithParam<MutantCase> {
 protected:
  Mutants() { SetLogLevel(LogLevel::kError); }
  ~Mutants() override {
    engine_mutant = EngineMutant::kNone;
    SetLogLevel(LogLevel::kInfo);
  }
};

TEST_P(Mutants, IsCaught) {
  engine_mutant = GetParam().engine;
  FaultCounts counts;
  for (std::uint64_t seed = 1; seed <= kSeedCountMax; ++seed) {
    SimOptions options;
    options.seed = seed;
    options.placement = GetParam().placement;
    options.store = GetParam().store;
    options.mutant = GetParam().mutant;
    options.judges_paths = false;  // The invariants are to catch it by themselves.
    const SimResult result = SimWorld(options, counts).Run();
    if (result.trouble.empty()) continue;
    std::cout << GetParam().mutant.name << ": caught by seed " << seed << ", after " << seed
              << " histories, as " << result.trouble.substr(0, 100) << "\n";
    return;
  }
  FAIL() << "no history of " << kSeedCountMax << " seeds caught it";
}

// The history that a person is to read: as little of it as is left when the mutant still breaks the
// same promise.
class Shrinking : public Mutants {};

TEST_P(Shrinking, LeavesASmallHistoryThatFailsTheSame) {
  engine_mutant = GetParam().engine;
  FaultCounts counts;
  SimOptions options;
  options.placement = GetParam().placement;
  options.mutant = GetParam().mutant;
  options.judges_paths = false;
  SimResult result = SimWorld(options, counts).Run();
  while (result.trouble.empty() && options.seed < kSeedCountMax) {
    ++options.seed;
    result = SimWorld(options, counts).Run();
  }
  ASSERT_NE(result.trouble, "");
  const SimShrunk shrunk = Shrink(options, result);
  std::cout << Tell(shrunk) << "size " << options.plan.Size() << " became "
            << shrunk.options.plan.Size() << "\n";
  EXPECT_LT(shrunk.options.plan.Size(), options.plan.Size() / 2);
  EXPECT_LT(shrunk.result.journal.size(), result.journal.size() / 2);
  EXPECT_EQ(BrokenPromise(shrunk.result), BrokenPromise(result));
  // From what is printed.
  SimOptions told = options;
  told.seed = shrunk.options.seed;
  told.plan = SimPlan::Parse(shrunk.options.plan.ToString()).value();
  EXPECT_EQ(SimWorld(told, counts).Run().trouble, shrunk.result.trouble);
}

INSTANTIATE_TEST_SUITE_P(
    Simulated,
    Shrinking,
    testing::Values(MutantCase{Store("NoFence", {.commits_without_intent = true})},
                    MutantCase{Store("SameStamp", {.keeps_stamp_of_embedded = true})},
                    Engine("LostIsFailed", EngineMutant::kLostIsFailed),
                    Engine("LeavesEarly", EngineMutant::kLeavesEarly, SimPlacement::kInProcess)),
    [](const auto& each) { return each.param.mutant.name; });

INSTANTIATE_TEST_SUITE_P(Simulated, Mutants, testing::ValuesIn(Cases()), [](const auto& each) {
  return each.param.mutant.name;
});

}  // namespace
}  // namespace datastorage
