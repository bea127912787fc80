#include "sim/sim_shrink.h"

namespace datastorage {
namespace {

constexpr std::uint64_t kSeedCountMax = 200;  // Of each plan,
constexpr int kRunCountMax = 8'000;           // of all;
constexpr int kSqliteRunCountMax = 1'000;     // where each takes ten times as long.

int RunCountMax(const SimOptions& options) {
  return options.store == SimStore::kSqlite ? kSqliteRunCountMax : kRunCountMax;
}

// Whether a history of the plan breaks the promise; it is left in `shrunk` then.
bool TryPlan(const SimPlan& plan, const std::string& promise, SimShrunk& shrunk) {
  FaultCounts ignored;
  SimOptions options = shrunk.options;
  options.keeps_trace = false;
  options.plan = plan;
  for (std::uint64_t i = 0; i < kSeedCountMax && shrunk.run_count < RunCountMax(options); ++i) {
    options.seed = shrunk.options.seed + i;
    SimResult result = SimWorld(options, ignored).Run();
    ++shrunk.run_count;
    if (BrokenPromise(result) != promise) continue;
    shrunk.options = options;
    shrunk.result = std::move(result);
    return true;
  }
  return false;
}

}  // namespace

std::string BrokenPromise(const SimResult& result) {
  return result.trouble.substr(0, result.trouble.find_first_of(" :"));
}

SimShrunk Shrink(const SimOptions& failing, const SimResult& result) {
  SimShrunk shrunk{failing, result, 0};
  const std::string promise = BrokenPromise(result);
  std::vector<SimPlan> smaller = failing.plan.Smaller();
  // Round and round, until a whole round has taken nothing out.
  std::size_t next = 0;
  std::size_t kept_count = 0;
  while (kept_count < smaller.size() && shrunk.run_count < RunCountMax(shrunk.options)) {
    if (TryPlan(smaller[next % smaller.size()], promise, shrunk)) {
      smaller = shrunk.options.plan.Smaller();
      kept_count = 0;
    } else {
      ++kept_count;
      ++next;
    }
  }
  return shrunk;
}

std::string Tell(const SimShrunk& shrunk) {
  std::string text =
      "the smallest history of " + std::to_string(shrunk.run_count) + " that breaks the same:\n";
  for (const std::string& line : shrunk.result.journal) text += "  " + line + "\n";
  return text + shrunk.result.trouble + "\nDS_SIM_SEED=" + std::to_string(shrunk.options.seed) +
         " DS_SIM_PLAN='" + shrunk.options.plan.ToString() + "' repeats it, in this test\n";
}

}  // namespace datastorage
