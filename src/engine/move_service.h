// MoveService: moves searches to the engine that new vector sets are of, on an operator's word, and
// tells how far that is. A move that is under way, or whose beginning was cut short, goes on after
// a restart, on any replica that has the engine.
//
// Threads:   safe to call concurrently; a task of its own between Start and Stop.
// Ownership: keeps references to what it is given; all must outlive it.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/runtime.h"
#include "engine/set_mover.h"
#include "engine/vector_sets.h"
#include "ports/record_store.h"

namespace datastorage {

// A set that is not retired.
struct MovePlace {
  VectorSet set;
  bool is_in_use = false;  // By this service: at hand, and bearing its mark.
  // The set that its index holds instead: it never will do.
  std::optional<VectorSetId> foreign_mark;
  std::optional<std::int64_t> point_count;  // Vectors that its index holds; of one in use.
  std::int64_t pending_count = 0;           // Rows, parked ones too.
  std::int64_t parked_count = 0;
};

struct MoveReport {
  std::string target;           // The engine that a move would go to.
  bool is_moving = false;       // A set of our space is being filled, or prepared for that.
  std::int64_t left_count = 0;  // Rows to be finished before searches use it.
  std::vector<MovePlace> places;
};

class MoveService {
 public:
  MoveService(Runtime& runtime, RecordStore& store, VectorSets& sets);
  ~MoveService();

  // Begins a move to the target engine; one that is under way already goes on. A stop cuts it short
  // within seconds; the next start goes on.
  // Errors: kConflict when searches use that engine already, or did while this service ran, or use
  // a set that it does not have, or another set is being filled; kInvalidArgument: its index is
  // another set's; kUnavailable: we are stopping; those of the store.
  Result<MoveReport> Begin(Deadline deadline);

  // Gives up the set that is being filled, whatever its engine. Errors: kNotFound: there is none;
  // kConflict: searches have moved there just now, and nothing was changed; those of the store.
  Result<MoveReport> Cancel(Deadline deadline);

  Result<MoveReport> Report(Deadline deadline);

  // Makes every parked row due, of one set or of all; returns how many. Errors: kNotFound: there is
  // no such set, or it is retired; those of the store.
  Result<std::int64_t> Release(std::optional<VectorSetId> wanted, Deadline deadline);

  // Called when rows have become due. REQUIRES: before Start.
  void OnPending(std::function<void()> wake) { wake_relay_ = std::move(wake); }

  void Start();
  void Stop();

  // Goes on with a beginning that was cut short, and switches searches if nothing is left to be
  // done first. For Start and for tests.
  Result<void> RunOnce(Deadline deadline);

 private:
  void Run();
  Result<std::vector<VectorSet>> ActiveSets(Deadline deadline);
  // The sets of our space that are being filled, or prepared for that.
  Result<std::vector<VectorSet>> FillingSets(Deadline deadline);
  Result<void> CheckLeaves(Deadline deadline);
  Result<std::optional<MoveReport>> FindBegun(Deadline deadline);
  Result<bool> TryCancel(Deadline deadline);
  Result<void> FinishBeginning(Deadline deadline);
  void NoteLive();

  Runtime& runtime_;
  RecordStore& store_;
  VectorSets& sets_;
  SetMover mover_;
  std::function<void()> wake_relay_ = [] {};
  Mutex mutex_;
  WaitQueue changed_;
  std::atomic<bool> is_stopping_ = false;  // Set under the mutex, for those who wait.
  std::atomic<bool> is_beginning_ = false;
  std::atomic<bool> has_served_target_ = false;  // Searches have used the target engine.
  std::unique_ptr<Task> task_;
};

}  // namespace datastorage
