// Shrinking: from a simulated history that broke a promise to a small one that breaks the same.
#pragma once

#include <string>

#include "sim/sim_world.h"

namespace datastorage {

// The name of what was broken, such as "I2".
std::string BrokenPromise(const SimResult& result);

struct SimShrunk {
  SimOptions options;  // They repeat it.
  SimResult result;
  int run_count = 0;  // Histories that were tried.
};

// Takes one thing after the other out of the plan while a history of it breaks the same promise.
// A smaller plan has other histories, so seeds from the failing one on are tried, a bounded number.
// REQUIRES: `result` is what `failing` gives, and it has a trouble.
SimShrunk Shrink(const SimOptions& failing, const SimResult& result);

// What happened, and how to repeat it.
std::string Tell(const SimShrunk& shrunk);

}  // namespace datastorage
