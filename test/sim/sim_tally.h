// SimTally: what simulated histories met.
#pragma once

#include <cstdint>
#include <string>

#include "sim/sim_paths.h"

namespace datastorage {

struct SimTally {
  std::int64_t create_count = 0;
  std::int64_t acknowledged_count = 0;
  std::int64_t strict_refused_count = 0;
  std::int64_t patch_count = 0;
  std::int64_t erase_count = 0;
  std::int64_t crash_count = 0;
  std::int64_t move_count = 0;
  std::int64_t reconcile_count = 0;
  std::int64_t search_count = 0;
  std::int64_t search_pending_count = 0;    // That met a pending row,
  std::int64_t search_unapplied_count = 0;  // an unapplied write,
  std::int64_t search_degraded_count = 0;   // an answer that says it lacks something,
  std::int64_t search_exact_count = 0;      // or the record store in place of the index.
  std::int64_t found_check_count = 0;       // Searches that had to find a certain record.
  std::int64_t state_check_count = 0;       // Instants at which I2, I3 and I5 were checked.
  SimPathTally paths;

  void Add(const SimTally& other);
  std::string Table() const;
};

}  // namespace datastorage
