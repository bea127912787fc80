// VectorDatabase: a database of pgvector's tables alone, on a server of its own: the index, its
// sessions, and whether the server does its work. The server may be away at any time, also when the
// service starts: the tables are made, or looked at, as soon as it answers.
//
// Threads: safe to call concurrently.
#pragma once

#include <atomic>
#include <mutex>

#include "ports/health_probe.h"
#include "postgres/pgvector_index.h"
#include "postgres/sessions.h"

namespace datastorage::postgres {

// What sets in such a database call their engine.
inline constexpr std::string_view kVectorDatabaseEngine = "postgresql";

// A base, since the index is given a reference to its member.
class VectorSessions {
 protected:
  explicit VectorSessions(const Sessions::Options& options)
      : connection_(options.connection), own_sessions_(options) {}
  ~VectorSessions() = default;

  const ConnectionOptions connection_;
  Sessions own_sessions_;
};

class VectorDatabase final : private VectorSessions, public PgvectorIndex, public HealthProbe {
 public:
  struct Options {
    std::string conninfo{};
    int session_count = 8;  // That write or search at the same time.
    VectorWriteMode write_mode = VectorWriteMode::kDeferred;
    const SegmentCodes* codes = nullptr;    // As the index's.
    Metrics* metrics = nullptr;             // What the pools tell; must outlive the database.
    std::string_view database = "vectors";  // There: a literal.
  };

  // Connects to nobody yet.
  explicit VectorDatabase(const Options& options);

  // Makes the tables where they are missing and the role may; once it succeeded it does nothing.
  // Errors: kConflict when the server has no pgvector that can be used, or the database holds
  // records (says what to do); kUnavailable, kDeadlineExceeded when the server is away; those of
  // the SQLSTATE table.
  Result<void> Prepare(Deadline deadline);

  // Prepares first, and waits no longer than a few seconds for either. Errors: also Prepare's.
  Result<VectorSetId> Claim(VectorSetId set, Deadline deadline) override;

  // Whether the server takes writes now. Errors: also Prepare's.
  Result<void> Check(Deadline deadline) override;

  // For HeadMover.
  Sessions& sessions() { return own_sessions_; }

 private:
  std::timed_mutex mutex_;  // One prepares at a time.
  std::atomic<bool> is_prepared_ = false;
};

// Errors: kConflict when the database holds records: their commits would take the tables for their
// own. For Prepare, and for an operator who asks beforehand.
Result<void> CheckHoldsNoRecords(Connection& connection, Deadline deadline);

}  // namespace datastorage::postgres
