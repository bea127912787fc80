// SetMover: moves searches to another vector set while writes and searches go on. Register a set,
// and every write from then on goes there too; the relay brings what was there before; when nothing
// of that is left, the set goes live and the old one retires.
//
// Threads:   safe to call concurrently, on any replica: the record store decides.
// Ownership: keeps references to what it is given; all must outlive it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/vector_sets.h"
#include "ports/record_store.h"

namespace datastorage {

class SetMover {
 public:
  SetMover(RecordStore& store, VectorSets& sets) : store_(store), sets_(sets) {}

  // Registers a filling set of our space for an engine at hand.
  // Errors: kConflict when there is such a set; kInvalidArgument when the index bears another set's
  // mark: nothing is begun then; kNotFound: no such engine; those of the store.
  Result<VectorSet> Begin(const std::string& engine, Deadline deadline);

  // How many rows TryFinish waits for, parked ones too.
  static std::int64_t LeftCount(VectorSetId set, const std::vector<PendingTally>& tallies);

  // Makes the set live if nothing of it is pending any more but what is being written now. False
  // when more is to be done first. Errors: those of the store.
  Result<bool> TryFinish(VectorSetId set, Deadline deadline);

 private:
  Result<void> CheckMark(const VectorEngine& engine, const VectorSet& set, Deadline deadline);

  RecordStore& store_;
  VectorSets& sets_;
};

}  // namespace datastorage
