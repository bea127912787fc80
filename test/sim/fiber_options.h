// What a FiberRuntime is told, and what it says of its run.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace datastorage {

// 0 is the world: clients, networks, servers.
using ProcessId = int;
inline constexpr ProcessId kWorld = 0;

// What ended a run.
struct RunReport {
  std::string
      trouble;  // Empty: `body` returned. Else deadlock or step bound, with who waits where.
  std::uint64_t step_count = 0;
  std::uint64_t trace_hash = 0;  // Of who ran from where, step by step.
};

struct FiberOptions {
  std::uint64_t seed = 1;
  std::uint64_t step_count_max = 1'000'000;
  int spurious_wake_per_thousand = 20;
  int lock_yield_per_thousand = 250;  // How often Lock yields first.
  int clock_step_per_thousand = 100;  // How often a step takes up to 1 ms.
  bool keeps_trace = false;
  // Asked at every Yield of a process: whether it crashes here and now.
  std::function<bool(ProcessId process, std::string_view step, std::string_view where)> crashes{};
  // Told of each fiber that a crash drops, and where it stood.
  std::function<void(std::string_view step, std::string_view where)> on_drop{};
};

}  // namespace datastorage
