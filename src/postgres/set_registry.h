// SetRegistry: the list of vector sets, and the secrets that replicas share.
//
// The list changes only while no commit is under way, and for as long as a few rows take. What
// takes longer, a row for each record of a new set, is done before and page by page: the set is
// `preparing` then, so that commits leave their rows in it and nobody else uses it.
//
// Threads:   safe to call concurrently, from several processes too.
// Ownership: keeps references to the sessions and the clock, which must outlive it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "domain/vector_set.h"
#include "postgres/sessions.h"

namespace datastorage::postgres {

class SetRegistry {
 public:
  // How many rows a transaction writes while a set is filled or cleared.
  static constexpr int kPageCount = 5'000;

  SetRegistry(Sessions& sessions, const Clock& clock, int page_count = kPageCount)
      : sessions_(sessions), clock_(clock), page_count_(page_count) {}

  // As RecordStore's methods of these names.
  Result<std::vector<VectorSet>> Sets(Deadline deadline);
  // When it fails halfway, also with its process, the set stays `preparing`, and the next call
  // for the same set goes on where it stopped; one for another set gives it up. Errors: also
  // kInvalidArgument for a retired set; kConflict when there is such a set, or another was
  // registered meanwhile; kUnavailable when a commit does not end in time.
  Result<VectorSet> RegisterSet(const VectorSet& set, Deadline deadline);
  // Rows of a retired set that cannot be deleted in time go with the next change of a set; until
  // then nobody reads them.
  Result<void> ChangeSetState(VectorSetId set,
                              VectorSetState from,
                              VectorSetState to,
                              Deadline deadline);
  Result<std::string> Secret(std::string_view name, Deadline deadline);
  Result<std::string> Note(std::string_view name, Deadline deadline);
  Result<void> KeepNote(std::string_view name, std::string_view text, Deadline deadline);

 private:
  Result<std::vector<Rows>> Write(std::string_view doing,
                                  const std::vector<Call>& calls,
                                  Deadline deadline);
  Result<std::vector<Rows>> WriteAlone(std::string_view doing,
                                       const std::vector<Call>& calls,
                                       Deadline deadline);
  Result<VectorSetId> Prepare(const VectorSet& set, WallTime now, Deadline deadline);
  Result<void> Fill(VectorSetId set, WallTime now, Deadline deadline);
  Result<void> FillPrepared(VectorSetId set, Deadline deadline);
  Result<void> Publish(const VectorSet& set, Deadline deadline);
  Result<void> DropPendingOfRetired(Deadline deadline);
  void ClearRetired(Deadline deadline);

  Sessions& sessions_;
  const Clock& clock_;
  const int page_count_;
};

}  // namespace datastorage::postgres
