#include "sim/sim_tally.h"

#include <string_view>

namespace datastorage {

void SimTally::Add(const SimTally& other) {
  create_count += other.create_count;
  acknowledged_count += other.acknowledged_count;
  strict_refused_count += other.strict_refused_count;
  patch_count += other.patch_count;
  erase_count += other.erase_count;
  crash_count += other.crash_count;
  move_count += other.move_count;
  reconcile_count += other.reconcile_count;
  search_count += other.search_count;
  search_pending_count += other.search_pending_count;
  search_unapplied_count += other.search_unapplied_count;
  search_degraded_count += other.search_degraded_count;
  search_exact_count += other.search_exact_count;
  found_check_count += other.found_check_count;
  state_check_count += other.state_check_count;
  paths.Add(other.paths);
}

std::string SimTally::Table() const {
  std::string table;
  const auto line = [&table](std::string_view name, std::int64_t count) {
    table += std::string(name) + ": " + std::to_string(count) + "\n";
  };
  line("creations", create_count);
  line("acknowledged", acknowledged_count);
  line("strict creations refused", strict_refused_count);
  line("patches", patch_count);
  line("erasures", erase_count);
  line("crashes", crash_count);
  line("moves to another set", move_count);
  line("reconciles", reconcile_count);
  line("searches", search_count);
  line("  that met pending rows", search_pending_count);
  line("  that met unapplied writes", search_unapplied_count);
  line("  that said they were degraded", search_degraded_count);
  line("  that the record store answered", search_exact_count);
  line("  that had to find a certain record", found_check_count);
  line("instants checked", state_check_count);
  return table + paths.Table();
}

}  // namespace datastorage
