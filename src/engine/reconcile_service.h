// ReconcileService: reconciles the vector set that searches use on demand, one run at a time.
//
// Threads:   safe to call concurrently.
// Ownership: keeps references to everything it is given; all must outlive it.
#pragma once

#include <atomic>
#include <functional>
#include <optional>

#include "base/metrics.h"
#include "base/runtime.h"
#include "engine/reconciler.h"
#include "engine/vector_sets.h"

namespace datastorage {

class ReconcileService {
 public:
  ReconcileService(Runtime& runtime, RecordStore& store, VectorSets& sets, Metrics& metrics);

  // The sums over what searches use; nullopt while another run is under way. A set that is being
  // filled is skipped: the rows that fill it would be taken for differences, and given new stamps,
  // for which the set that searches use would have to be sent everything, too.
  // `wake_relay` of OnPending is called when there is something to mend.
  // Errors: kUnavailable when an index is not at hand, or not filled yet; those of Reconciler.
  Result<std::optional<ReconcileReport>> Run(ReconcileOptions options, Deadline deadline);

  void OnPending(std::function<void()> wake) { wake_relay_ = std::move(wake); }
  // Ends a run under way at its next page, and refuses others.
  void Stop() { is_stopping_.store(true); }

 private:
  void CountFound(const ReconcileReport& report);
  Result<ReconcileReport> RunEach(const ReconcileOptions& options, Deadline deadline);

  VectorSets& sets_;
  Reconciler reconciler_;
  Metrics& metrics_;
  std::function<void()> wake_relay_ = [] {};
  std::atomic<bool> is_running_ = false;
  std::atomic<bool> is_stopping_ = false;
};

}  // namespace datastorage
