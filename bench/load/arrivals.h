// Arrivals: when the requests of an open loop are due. They come whether those before them are
// answered or not, at random moments around a rate, as those of many independent clients do.
#pragma once

#include <chrono>
#include <cstdint>
#include <random>
#include <vector>

#include "bench/load/latencies.h"

namespace datastorage::load {

// From the start of the run; rising. A rate of 0: nothing is planned, each request follows the
// answer to the one before it (a closed loop), and the list is empty.
inline std::vector<Clock::duration> PlanArrivals(std::size_t count,
                                                 double per_second,
                                                 std::uint64_t seed) {
  std::vector<Clock::duration> plan;
  if (per_second <= 0) return plan;
  std::mt19937_64 random(seed);
  std::exponential_distribution<double> gap(per_second);
  plan.reserve(count);
  double at = 0;
  for (std::size_t i = 0; i < count; ++i) {
    at += gap(random);
    plan.push_back(std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(at)));
  }
  return plan;
}

}  // namespace datastorage::load
