// IndexWriter: brings committed records into the indexes of vector sets. While an index fails, its
// breaker answers in its place.
//
// Threads:   safe to call concurrently: stamps decide which of two writes is newer.
// Ownership: keeps references to what it is given; all must outlive it.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "engine/vector_sets.h"
#include "ports/record_store.h"

namespace datastorage {

// A record as it was brought into an index.
struct AppliedRecord {
  RecordId id;
  Stamp stamp = 0;
  ApplyResult result;
};

class IndexWriter {
 public:
  explicit IndexWriter(RecordStore& store) : store_(store) {}

  // One result per write, in order.
  // Errors: those of the index, and kUnavailable while its breaker is open; then none or some are
  // applied, which a repetition mends.
  Result<std::vector<ApplyResult>> Apply(const VectorPlace& place,
                                         std::span<const VectorWrite> writes,
                                         Deadline deadline);

  // Records as they are now, each under its own stamp: the stored embedding of its current text, or
  // a tombstone. What was erased or never committed is left to its own write. Right however many
  // writers race, since one stamp has one content. Errors: those of the record store.
  Result<std::vector<VectorWrite>> ReadCurrent(const std::string& space,
                                               std::span<const RecordId> ids,
                                               Deadline deadline);

  // Brings records as they are now into the place's index. Errors: those of both.
  Result<std::vector<AppliedRecord>> ApplyCurrent(const VectorPlace& place,
                                                  std::span<const RecordId> ids,
                                                  Deadline deadline);

  // Leaves a pending row for records that are committed but could not be applied, so that the relay
  // does it, in this process or the next. Errors: those of the record store.
  Result<void> LeaveToRelay(const VectorPlace& place,
                            std::span<const RecordId> ids,
                            Deadline deadline);

 private:
  RecordStore& store_;
};

}  // namespace datastorage
