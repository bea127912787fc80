// StoreHealth: whether the database takes a durable write now, and what an operator should see to
// before it no longer does.
//
// Threads:   safe to call concurrently.
// Ownership: keeps references to the sessions and the clock, which must outlive it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "ports/health_probe.h"
#include "postgres/sessions.h"

namespace datastorage::postgres {

// What the server tells of itself.
struct ServerState {
  struct Disk {
    std::int64_t free_byte_count = 0;
    std::int64_t byte_count = 0;
  };

  bool is_in_recovery = false;                  // A standby: it takes no writes.
  std::int64_t asynchronous_standby_count = 0;  // That a commit does not wait for.
  std::int64_t unplaced_count = 0;              // Records in the default partition, at most 1,000.
  std::int64_t session_count = 0;               // Of all its clients.
  std::int64_t session_count_max = 0;           // That it takes of clients without special rights.
  std::optional<Disk> disk{};  // The fullest of its file systems, where that is known.
};

// What of it deserves an operator's attention, the most urgent first. Empty: nothing.
std::vector<HealthWarning> WarningsOf(const ServerState& state);

class StoreHealth final : public HealthProbe {
 public:
  StoreHealth(Sessions& sessions, const Clock& clock) : sessions_(sessions), clock_(clock) {}

  // A durable write of one row, the same for all replicas.
  // Errors: also kResourceExhausted when the disk is full; kUnavailable also when it is read-only.
  Result<void> Check(Deadline deadline) override;

  // Of State.
  Result<std::vector<HealthWarning>> Warnings(Deadline deadline) override;

  // One or two round trips: for now and then, not for each request. The disk is known where the
  // server is on this machine and the role has pg_read_all_settings, or where an administrator has
  // run sql/postgres/roles/disk_space.sql; elsewhere it is left out.
  Result<ServerState> State(Deadline deadline);

 private:
  Sessions& sessions_;
  const Clock& clock_;
};

}  // namespace datastorage::postgres
