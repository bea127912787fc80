// PendingRows: leasing, settling, backing off, parking and counting the rows that say where a
// vector may differ from its record. What changes rows in bulk waits for no writer.
//
// Threads:   safe to call concurrently, from several processes too: no two of them ever lease one
//            row at a time.
// Ownership: keeps a reference to the sessions, which must outlive it.
#pragma once

#include <span>
#include <vector>

#include "domain/query.h"
#include "postgres/queries.h"
#include "postgres/sessions.h"

namespace datastorage::postgres {

class PendingRows {
 public:
  explicit PendingRows(Sessions& sessions) : sessions_(sessions) {}

  // As RecordStore's methods of these names. A row that a writer holds at the moment is left alone:
  // it is not leased, and stays unsettled until it is leased again.
  Result<std::vector<PendingVector>> LeaseDue(VectorSetId set,
                                              int limit,
                                              Lease lease,
                                              Deadline deadline);
  Result<void> Settle(std::span<const PendingVector> rows, Deadline deadline);
  Result<void> Fail(std::span<const PendingVector> rows,
                    PendingReason reason,
                    WallTime due_at,
                    Deadline deadline);
  Result<void> Park(std::span<const PendingVector> rows, Deadline deadline);
  // Page by page: with an Error some rows may be released.
  Result<std::int64_t> Release(VectorSetId set, WallTime now, Deadline deadline);
  Result<PendingIdPage> PendingIds(VectorSetId set, Deadline deadline);
  // Of sets that are filling or live.
  Result<std::vector<PendingTally>> TallyPending(Deadline deadline);

 private:
  Result<void> Change(std::string_view doing, const Call& call, Deadline deadline);

  Sessions& sessions_;
};

}  // namespace datastorage::postgres
