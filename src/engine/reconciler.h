// Reconciler: compares a vector index with the record store and leaves a pending row for every
// difference, which the relay then mends. It writes to no index itself, so it may run beside
// everything else, any number of times.
//
// Threads:   safe to call concurrently; a run takes as long as reading both sides takes, and as the
//            strict creations that it met under way.
// Ownership: keeps references to what it is given; all must outlive it.
#pragma once

#include <atomic>
#include <cstdint>
#include <vector>

#include "base/runtime.h"
#include "engine/reconcile_page.h"
#include "engine/vector_sets.h"
#include "ports/record_store.h"

namespace datastorage {

struct ReconcileOptions {
  bool is_dry_run = false;  // Counts the differences, and leaves them.
  bool is_deep = false;     // Compares vectors and filter members too, not stamps alone.
  bool keeps_rows = false;  // What is pending already is left as it is: it was not sent before.
  LostStamps lost{};        // Found by an earlier RaiseStamps.
  const std::atomic<bool>* is_stopping = nullptr;  // Once true, ends the run (kUnavailable).
};

// What one set's index was found to hold.
struct ReconcileReport {
  std::int64_t checked_count = 0;  // Records.
  std::int64_t missing_count =
      0;                         // Records with an embedding, or a text without one, and no vector.
  std::int64_t stale_count = 0;  // Vectors of another stamp than their record's.
  std::int64_t altered_count = 0;  // Deep: of the same stamp, but not of its content.
  std::int64_t foreign_count = 0;  // Vectors of no record, or of one that has no text.
  std::int64_t mended_count = 0;   // Differences that got a pending row.
  std::int64_t skipped_count = 0;  // Sets that are being filled: all that they lack is pending.
  Stamp stamps_raised_from = 0;    // The index was ahead of the record store, which stood here.
};

class Reconciler {
 public:
  Reconciler(Runtime& runtime, RecordStore& store) : runtime_(runtime), store_(store) {}

  // Errors: those of the record store and of the index; what was found until then is mended.
  Result<ReconcileReport> Run(const VectorPlace& place,
                              const ReconcileOptions& options,
                              Deadline deadline);

  // If the index holds stamps that are still to be issued, makes every later one higher, and
  // returns them: a Run must follow. Runs do this by themselves.
  Result<LostStamps> RaiseStamps(const VectorPlace& place, Deadline deadline);

 private:
  struct Pass;
  struct Open;
  Result<LostStamps> FindLost(const VectorPlace& place, bool is_dry_run, Deadline deadline);
  Result<ReconcilePage> ReadPage(const Pass& pass, bool is_deep);
  Result<bool> ComparePage(Pass& pass);
  Result<void> LookAgain(Pass& pass, std::vector<Open> open);
  static void Count(Pass& pass, const Open& difference);
  Result<void> CompareContents(Pass& pass, const std::vector<HeldPoint>& points);
  Result<void> Mend(Pass& pass);
  Result<std::vector<RecordId>> Enqueue(Pass& pass, const std::vector<RecordId>& ids, bool renews);
  Result<void> AwaitIntents(Pass& pass);

  Runtime& runtime_;
  RecordStore& store_;
};

}  // namespace datastorage
