#include "engine/settler.h"

#include <algorithm>

#include "base/limits.h"
#include "base/log.h"
#include "engine/failpoint.h"
#include "engine/mutant.h"

namespace datastorage {
namespace {

constexpr Duration kSettleTimeout = std::chrono::seconds(5);
// Refreshing an index costs it dear: whoever waits for one shares it with all that gathered.
constexpr Duration kRefreshPause = std::chrono::seconds(1);

Result<void> AwaitVisible(VectorIndex& index, Deadline deadline) {
  if (DS_MUTANT(kEarlySettle)) return {};
  return index.AwaitVisible(deadline);
}

}  // namespace

Settler::Settler(Runtime& runtime, RecordStore& store)
    : runtime_(runtime), store_(store), mutex_(runtime), changed_(runtime) {}

Settler::~Settler() {
  Stop();
}

void Settler::Settle(const VectorPlace& place, std::vector<PendingVector> rows) {
  const MutexLock lock(mutex_);
  if (rows.empty() || row_count_ + rows.size() > limits::kSettleQueueCountMax) return;
  row_count_ += rows.size();
  const auto found = std::find_if(gathered_.begin(), gathered_.end(), [&](const Batch& batch) {
    return batch.place.set.id == place.set.id;
  });
  if (found == gathered_.end()) {
    gathered_.push_back({place, std::move(rows)});
  } else {
    found->rows.insert(found->rows.end(), rows.begin(), rows.end());
  }
  changed_.NotifyAll();
}

void Settler::Start() {
  task_ = runtime_.Spawn("settle", [this] { Run(); });
}

void Settler::Stop() {
  {
    const MutexLock lock(mutex_);
    is_stopping_ = true;
  }
  changed_.NotifyAll();
  task_.reset();
}

void Settler::Run() {
  for (;;) {
    bool is_refresh_needed = false;
    {
      const MutexLock lock(mutex_);
      while (gathered_.empty() && !is_stopping_) changed_.Wait(mutex_, Deadline::Never());
      if (is_stopping_) return;
      for (const Batch& batch : gathered_) {
        if (!batch.place.index->Capabilities().is_visible_at_once) is_refresh_needed = true;
      }
    }
    const Result<void> done = RunOnce();
    if (!done.has_value()) {
      Log(LogLevel::kWarning,
          "pending rows are left to the relay",
          {{"code", NameOf(done.error().code)}});
    }
    const MutexLock lock(mutex_);
    const Deadline pause = Deadline::In(kRefreshPause, runtime_);
    while (is_refresh_needed && !is_stopping_ && changed_.Wait(mutex_, pause)) {
    }
    if (is_stopping_) return;
  }
}

Result<void> Settler::RunOnce() {
  std::vector<Batch> batches;
  {
    const MutexLock lock(mutex_);
    batches.swap(gathered_);
    row_count_ = 0;
  }
  Result<void> first_failure;
  for (const Batch& batch : batches) {
    // A time for each set: an index that hangs must not use up that of the others.
    const Deadline deadline = Deadline::In(DS_SETTLE_PATIENCE(kSettleTimeout), runtime_);
    Result<void> done = AwaitVisible(*batch.place.index, deadline);
    if (DS_FAILPOINT(kBeforeSettle, batch.rows)) done = Unavailable("failpoint");
    if (done.has_value()) done = store_.Settle(batch.rows, deadline);
    if (DS_FAILPOINT(kAfterSettle, batch.rows)) done = Unavailable("failpoint");
    if (!done.has_value() && first_failure.has_value()) first_failure = done;
  }
  return first_failure;
}

}  // namespace datastorage
