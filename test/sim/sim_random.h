// SimRandom: the one source of chance of a simulation, so that a seed replays it whole.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>

#include "base/clock.h"

namespace datastorage {

class SimRandom {
 public:
  explicit SimRandom(std::uint64_t seed) : state_(seed) {}

  // SplitMix64.
  std::uint64_t Next() {
    state_ += 0x9E3779B97F4A7C15u;
    std::uint64_t mixed = state_;
    mixed = (mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9u;
    mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EBu;
    return mixed ^ (mixed >> 31);
  }

  // 0 … count - 1. REQUIRES: count > 0.
  std::size_t Below(std::size_t count) { return static_cast<std::size_t>(Next() % count); }

  // True `per_thousand` times in a thousand.
  bool Chance(int per_thousand) { return static_cast<int>(Next() % 1'000) < per_thousand; }

  // 1 µs … about `most`, every order of magnitude equally likely. REQUIRES: most > 0.
  Duration SomeTime(Duration most) {
    const auto limit = static_cast<std::uint64_t>(most.count());
    const std::uint64_t scale = std::uint64_t{1} << Below(std::bit_width(limit));
    return Duration(static_cast<Duration::rep>(1 + Next() % scale));
  }

  // A generator of its own, for a part whose number of draws must not move the others'.
  SimRandom Fork() { return SimRandom(Next()); }

 private:
  std::uint64_t state_;
};

}  // namespace datastorage
