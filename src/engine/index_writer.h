// IndexWriter: brings committed records into the index that answers searches.
//
// Threads:   safe to call concurrently: stamps decide which of two writes is newer.
// Ownership: keeps references to what it is given; all must outlive it.
#pragma once

#include <span>
#include <vector>

#include "engine/vector_sets.h"
#include "ports/record_store.h"

namespace datastorage {

class IndexWriter {
 public:
  IndexWriter(RecordStore& store, VectorSets& sets) : store_(store), sets_(sets) {}

  // Errors: those of the index; then none or some are applied, which a repetition mends.
  Result<void> Apply(std::span<const VectorWrite> writes, Deadline deadline);

  // Reads the records as they are now and applies each under its own stamp: the stored embedding
  // of its current text, or a tombstone. What was erased or never committed is left to its own
  // write. Right however many writers race, since one stamp has one content.
  // Errors: those of the record store and of the index.
  Result<void> ApplyCurrent(std::span<const RecordId> ids, Deadline deadline);

  // Leaves a pending row for records that are committed but could not be applied, so that the
  // relay does it, in this process or the next.
  Result<void> LeaveToRelay(std::span<const RecordId> ids, PendingReason reason, Deadline deadline);

 private:
  RecordStore& store_;
  VectorSets& sets_;
};

}  // namespace datastorage
