// SetMover: moves searches to another vector set while writes and searches go on. Register a set,
// and every write from then on goes there too; the relay brings what was there before; when nothing
// of that is left, the set goes live and the old one retires.
//
// Threads:   safe to call concurrently, on any replica: the record store decides.
// Ownership: keeps references to what it is given; all must outlive it.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <vector>

#include "base/runtime.h"
#include "engine/vector_sets.h"
#include "ports/record_store.h"

namespace datastorage {

class SetMover {
 public:
  // Once `is_stopping` is true, Begin ends within seconds.
  SetMover(Runtime& runtime,
           RecordStore& store,
           VectorSets& sets,
           const std::atomic<bool>* is_stopping = nullptr)
      : runtime_(runtime), store_(store), sets_(sets), is_stopping_(is_stopping) {}

  // Registers a filling set of our space for an engine at hand. One that is cut short may leave the
  // set `preparing`: GoOn is for that.
  // Errors: kConflict when there is such a set, or the set was given up meanwhile; kInvalidArgument
  // when the index bears another set's mark: nothing is begun then; kNotFound: no such engine;
  // kUnavailable when we are stopping; those of the store.
  Result<VectorSet> Begin(const std::string& engine, Deadline deadline);

  // Goes on with a set that is `preparing`, for some seconds. False when more is to be done.
  // Errors: kConflict: it was given up meanwhile; those of the store.
  Result<bool> GoOn(VectorSetId set, Deadline deadline);

  // How many rows TryFinish waits for, parked ones too.
  static std::int64_t LeftCount(VectorSetId set, const std::vector<PendingTally>& tallies);

  // Makes the set live if nothing of it is pending any more but what is being written now. False
  // when more is to be done first, or the set was given up. Errors: those of the store.
  Result<bool> TryFinish(VectorSetId set, Deadline deadline);

 private:
  Result<VectorSet> Register(const VectorSet& wanted, Deadline deadline);
  Result<VectorSet> Finish(VectorSet prepared, Deadline deadline);
  bool IsStopping() const { return is_stopping_ != nullptr && is_stopping_->load(); }
  Result<void> CheckMark(const VectorEngine& engine, const VectorSet& set, Deadline deadline);

  Runtime& runtime_;
  RecordStore& store_;
  VectorSets& sets_;
  const std::atomic<bool>* const is_stopping_;
};

}  // namespace datastorage
