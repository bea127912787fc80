// TombstonePurge: takes tombstones out of the indexes once there is nothing left that they would
// have to refuse.
//
// A tombstone keeps out the vectors that were sent of its record before. Who sends one has read the
// record before the tombstone's stamp was drawn, or not much later, so when no such request takes
// limits::kTombstoneAge, none is under way that long after the drawing. Therefore the highest stamp
// is noted, and what is not above it is purged an age later: a tombstone lives one age at least and
// about two at most. The note is in the record store, so that a restart begins no new age, and of
// several services that share the store one purges for all.
//
// Its age is told by wall clocks. One that is an age ahead purges too early: what a late request
// then leaves is never shown, and goes with the next reconcile.
//
// Threads:   not safe to call concurrently.
// Ownership: keeps references to what it is given; all must outlive it.
#pragma once

#include <optional>
#include <span>

#include "base/runtime.h"
#include "engine/vector_place.h"
#include "ports/record_store.h"

namespace datastorage {

class TombstonePurge {
 public:
  TombstonePurge(Runtime& runtime, RecordStore& store) : runtime_(runtime), store_(store) {}

  // Purges when it is time, else returns at once. What fails is logged, and left to the next time:
  // tombstones only take space.
  void RunIfDue(std::span<const VectorPlace> places, Deadline deadline);

 private:
  struct Note {
    WallTime at;
    Stamp highest_issued = 0;
  };

  // The one that stands; nothing where there is none, or none that can be believed.
  Result<std::optional<Note>> ReadNote(Deadline deadline);
  Result<void> KeepNote(const Note& note, Deadline deadline);
  Result<Duration> Run(std::span<const VectorPlace> places, Deadline deadline);
  void Purge(const VectorPlace& place, Stamp floor, Deadline deadline);

  Runtime& runtime_;
  RecordStore& store_;
  std::optional<SteadyTime> next_at_;  // When the note may be old enough.
};

}  // namespace datastorage
