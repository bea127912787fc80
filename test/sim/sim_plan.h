// SimPlan: how much a simulated history may contain. A seed decides what of it does; less of the
// plan makes a smaller history, and another one.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "sim/sim_call.h"

namespace datastorage {

enum class SimPart : std::uint8_t {
  // What clients do.
  kStrictCreations,
  kDefaultCreations,
  kPatches,
  kErasures,
  kSearches,
  // What befalls servers, and what is done about it.
  kMoves,
  kReconciles,
  kVectorStoreStops,
  kRestarts,
  kPowerCuts,
  kLostVectors,
  kRecordStoreStops,
  // What befalls calls.
  kUnavailable,
  kRequestsLost,
  kAnswersLost,
  kDelays,
  kRepetitions,
  kSlowness,
  kInterleaving,
  kEmbedderFaults,
};
inline constexpr int kSimPartCount = 20;

struct SimPlan {
  int client_count = 3;
  int operation_count = 7;  // Of each client.
  int replica_count = 3;    // With an index in process: one.
  int crash_count_max = 3;
  int trouble_count_max = 4;
  std::set<SimPart> without;

  bool Has(SimPart part) const { return !without.contains(part); }
  SimFaults Limit(SimFaults faults) const;
  // Falls with everything that is taken out.
  int Size() const;
  // Each with a little less, those with the least first.
  std::vector<SimPlan> Smaller() const;
  // "clients=1 operations=3 replicas=2 crashes=0 troubles=1 without=moves,patches".
  std::string ToString() const;
  static std::optional<SimPlan> Parse(std::string_view text);

  friend bool operator==(const SimPlan&, const SimPlan&) = default;
};

}  // namespace datastorage
