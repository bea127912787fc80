// The simulator's run: histories of many seeds, none of which breaks a promise.
//
// DS_SIM_SEEDS=N runs N seeds with the vectors on another server, and of the others the share
// below, from DS_SIM_FIRST on; DS_SIM_SEED=S runs one, and prints its trace; DS_SIM_PLAN takes
// parts out. A history that breaks a promise is made smaller, and told.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <map>
#include <string>
#include <vector>

#include "base/log.h"
#include "sim/sim_shrink.h"
#include "sim/sim_world.h"

namespace datastorage {
namespace {

std::uint64_t NumberFrom(const char* variable, std::uint64_t number) {
  const char* text = std::getenv(variable);
  return text != nullptr ? std::strtoull(text, nullptr, 10) : number;
}

// How many seeds run by default, and of how many of DS_SIM_SEEDS one runs.
struct SeedCount {
  std::uint64_t by_default;
  std::uint64_t one_of;
};
constexpr SeedCount kSeparateSeeds{10'000, 1};
constexpr SeedCount kInProcessSeeds{5'000, 4};
constexpr SeedCount kSqliteSeeds{300, 100};  // Each takes ten times as long.

// "" or none: the whole plan.
SimPlan PlanFromEnvironment() {
  const char* text = std::getenv("DS_SIM_PLAN");
  const std::optional<SimPlan> plan = SimPlan::Parse(text != nullptr ? text : "");
  EXPECT_TRUE(plan.has_value()) << "DS_SIM_PLAN is no plan: " << text;
  return plan.value_or(SimPlan());
}

void PrintLines(const std::vector<std::string>& lines) {
  for (const std::string& line : lines) std::cout << line << "\n";
}

// What the engine logs of a thousand faults is of no use here.
class Simulator : public testing::Test {
 protected:
  Simulator() { SetLogLevel(LogLevel::kError); }
  ~Simulator() override { SetLogLevel(LogLevel::kInfo); }
};

void RunSeeds(SimPlacement placement,
              SeedCount count,
              FaultCounts& counts,
              SimStore store = SimStore::kFake) {
  const std::uint64_t only = NumberFrom("DS_SIM_SEED", 0);
  const std::uint64_t first = only != 0 ? only : NumberFrom("DS_SIM_FIRST", 1);
  const std::uint64_t asked = NumberFrom("DS_SIM_SEEDS", 0);
  std::uint64_t seed_count = asked != 0 ? asked / count.one_of : count.by_default;
  if (only != 0) seed_count = 1;
  SimTally tally;
  for (std::uint64_t seed = first; seed < first + seed_count; ++seed) {
    SimOptions options;
    options.seed = seed;
    options.placement = placement;
    options.store = store;
    options.plan = PlanFromEnvironment();
    options.keeps_trace = only != 0;
    const SimResult result = SimWorld(options, counts).Run();
    if (only != 0) {
      PrintLines(result.trace);
      PrintLines(result.journal);
    }
    ASSERT_EQ(result.trouble, "") << "DS_SIM_SEED=" << seed << " repeats it\n"
                                  << Tell(Shrink(options, result));
    tally.Add(result.tally);
  }
  // Of an index on another server every history has a path that can be judged.
  const std::int64_t judged = placement == SimPlacement::kSeparate ? std::int64_t(seed_count) : 0;
  EXPECT_EQ(tally.paths.judged_count, judged);
  std::cout << seed_count << " histories\n" << tally.Table() << counts.Table();
}

TEST_F(Simulator, KeepsEveryPromiseWithVectorsOnAnotherServer) {
  FaultCounts counts;
  RunSeeds(SimPlacement::kSeparate, kSeparateSeeds, counts);
  const std::uint64_t all = kSeparateSeeds.by_default;
  if (HasFatalFailure() || NumberFrom("DS_SIM_SEEDS", all) < all ||
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
  RunSeeds(SimPlacement::kInProcess, kInProcessSeeds, counts);
}

TEST_F(Simulator, KeepsEveryPromiseOverSqliteWithVectorsOnAnotherServer) {
  FaultCounts counts;
  RunSeeds(SimPlacement::kSeparate, kSqliteSeeds, counts, SimStore::kSqlite);
}

TEST_F(Simulator, KeepsEveryPromiseOverSqliteWithVectorsInProcess) {
  FaultCounts counts;
  RunSeeds(SimPlacement::kInProcess, kSqliteSeeds, counts, SimStore::kSqlite);
}

// What is done to a path so that it is one no more; false: this one has no place for it.
struct Spoiling {
  const char* name;
  bool (*spoil)(std::vector<test::ProtocolEvent>& events, SimRandom& random);
};

using test::ProtocolEventKind;

bool TakeOutLast(std::vector<test::ProtocolEvent>& events, ProtocolEventKind kind) {
  const auto last = std::find_if(events.rbegin(), events.rend(), [kind](const auto& event) {
    return event.kind == kind && event.is_effective;
  });
  if (last == events.rend()) return false;
  events.erase(std::next(last).base());
  return true;
}

const Spoiling kSpoilings[] = {
    {"its first commit is taken out",
     [](auto& events, auto&) {
       events.erase(events.begin());
       return !events.empty();
     }},
    {"the last row that was settled stays",
     [](auto& events, auto&) { return TakeOutLast(events, ProtocolEventKind::kSettle); }},
    {"a commit under an early stamp",
     [](auto& events, auto&) {
       const auto later = std::find_if(events.begin() + 1, events.end(), [](const auto& event) {
         return event.kind == ProtocolEventKind::kUpdate ||
                event.kind == ProtocolEventKind::kErase ||
                event.kind == ProtocolEventKind::kStoreEmbedding;
       });
       if (later == events.end()) return false;
       later->stamp = events.front().stamp;
       return true;
     }},
    {"another vector is sent",
     [](auto& events, auto&) {
       const auto sent = std::find_if(events.begin(), events.end(), [](const auto& event) {
         return event.kind == ProtocolEventKind::kSendVector && event.content != 0;
       });
       if (sent == events.end()) return false;
       ++sent->content;
       return true;
     }},
    {"an apply that did otherwise",
     [](auto& events, auto&) {
       const auto applied = std::find_if(events.begin(), events.end(), [](const auto& event) {
         return event.kind == ProtocolEventKind::kApplyAtStore;
       });
       if (applied == events.end()) return false;
       applied->is_effective = !applied->is_effective;
       return true;
     }},
    {"shuffled",
     [](auto& events, auto& random) {
       const test::ProtocolEvent first = events.front();
       for (std::size_t i = events.size(); i > 1; --i) {
         std::swap(events[i - 1], events[random.Below(i)]);
       }
       // Some orders are as good as the one that happened, but for what begins it all.
       const bool has_first = events.front() == first;
       return events.size() >= 8 && !has_first && events.front().kind != ProtocolEventKind::kCrash;
     }},
};

// The acceptor would be of no use if it took anything.
TEST_F(Simulator, RefusesAHistoryThatIsNoPathOfTheWriteModel) {
  constexpr std::uint64_t kSeedCount = 100;
  FaultCounts counts;
  std::map<std::string, int> refused;
  for (std::uint64_t seed = 1; seed <= kSeedCount; ++seed) {
    SimOptions options;
    options.seed = seed;
    SimRandom random(seed);
    for (const auto& [place, path] : SimWorld(options, counts).Run().paths) {
      const bool is_whole = !path.is_cut && path.set == test::ProtocolSet::kFirst;
      // A creation that was refused before its first commit leaves its reply alone.
      if (!is_whole || path.events.front().kind == ProtocolEventKind::kReply) continue;
      for (const Spoiling& spoiling : kSpoilings) {
        std::vector<test::ProtocolEvent> events = path.events;
        if (!spoiling.spoil(events, random)) continue;
        EXPECT_NE(test::RefusalOf(events, true), std::nullopt)
            << spoiling.name << ", seed " << seed << ", record " << place.second.ToString();
        ++refused[spoiling.name];
      }
    }
  }
  for (const Spoiling& spoiling : kSpoilings) {
    EXPECT_GT(refused[spoiling.name], 50) << spoiling.name;
    std::cout << spoiling.name << ": " << refused[spoiling.name] << " refused\n";
  }
}

TEST_F(Simulator, RepeatsAHistoryFromItsSeed) {
  for (const SimStore store : {SimStore::kFake, SimStore::kSqlite}) {
    for (const SimPlacement placement : {SimPlacement::kSeparate, SimPlacement::kInProcess}) {
      FaultCounts counts;
      SimOptions options;
      options.seed = 42;
      options.placement = placement;
      options.store = store;
      options.keeps_trace = true;
      const SimResult first = SimWorld(options, counts).Run();
      const SimResult second = SimWorld(options, counts).Run();
      EXPECT_EQ(first.trace_hash, second.trace_hash);
      EXPECT_EQ(first.step_count, second.step_count);
      EXPECT_EQ(first.trace, second.trace);
    }
  }
}

}  // namespace
}  // namespace datastorage
