#include "sim/sim_vector_store.h"

#include <algorithm>

#include "base/check.h"

namespace datastorage {
namespace {

constexpr Duration kRefreshPoll = std::chrono::milliseconds(5);

Error Down() {
  return Unavailable("the vector store is down");
}

}  // namespace

SimVectorStore::SimVectorStore(FiberRuntime& runtime, FaultCounts& counts, Options options)
    : runtime_(runtime), counts_(counts), options_(std::move(options)), network_(runtime, counts) {}

template <class T>
Result<T> SimVectorStore::Call(std::string_view step,
                               bool is_repeatable,
                               Deadline deadline,
                               std::function<Result<T>()> serve) {
  const SimCall call{.begins = "vector call begins",
                     .ends = "vector call ends",
                     .steps = {std::string(step)},
                     .is_repeatable = is_repeatable};
  return network_.Call<T>(call, deadline, [this, serve = std::move(serve)]() -> Result<T> {
    {
      const Lock lock(mutex_);
      if (!is_up_) return Down();
    }
    return serve();
  });
}

VectorIndexCapabilities SimVectorStore::Capabilities() const {
  VectorIndexCapabilities capabilities;
  capabilities.placement = Placement::kSeparate;
  capabilities.is_visible_at_once = options_.is_visible_at_once;
  capabilities.can_decide = &FakeCanDecide;
  return capabilities;
}

Result<std::vector<ApplyResult>> SimVectorStore::Apply(std::span<const VectorWrite> writes,
                                                       Deadline deadline) {
  const bool has_tombstone = std::any_of(
      writes.begin(), writes.end(), [](auto& write) { return !write.embedding.has_value(); });
  const char* const step = has_tombstone ? "apply_tombstone" : "apply";
  const bool is_interleaved = runtime_.IsInFiber() && writes.size() > 1 &&
                              runtime_.random().Chance(network_.faults().interleaved);
  if (is_interleaved) counts_.Add(FaultKind::kInterleaved, runtime_.step() + "/" + step);
  if (options_.on_sent) options_.on_sent(writes);
  Result<std::vector<ApplyResult>> results = Call<std::vector<ApplyResult>>(
      step,
      true,
      deadline,
      [this, is_interleaved, copy = std::vector<VectorWrite>(writes.begin(), writes.end())] {
        return ServeApply(copy, is_interleaved);
      });
  const bool is_heard = results.has_value() && !runtime_.IsCallerDead();
  if (is_heard && options_.on_answered) options_.on_answered(writes, *results);
  return results;
}

Result<std::vector<ApplyResult>> SimVectorStore::ServeApply(const std::vector<VectorWrite>& writes,
                                                            bool is_interleaved) {
  const std::int64_t epoch = epoch_;
  std::vector<ApplyResult> results;
  for (const VectorWrite& write : writes) {
    if (is_interleaved) runtime_.Yield("vector write of a batch");
    const Lock lock(mutex_);
    if (!is_up_ || epoch != epoch_) return Down();
    results.push_back(ApplyOne(write));
  }
  return results;
}

ApplyResult SimVectorStore::ApplyOne(const VectorWrite& write) {
  const auto found = points_.find(write.id);
  const Stamp before = found != points_.end() ? found->second.stamp : 0;
  if (poisoned_.contains(write.id)) {
    counts_.Add(FaultKind::kRefused, runtime_.step() + "/apply");
    return {ApplyStatus::kRefused, before};
  }
  if (!options_.has_compare_and_set) points_.erase(write.id);
  const ApplyResult result = ApplyTo(points_, write);
  const bool is_effective = result.status == ApplyStatus::kApplied && before != write.stamp;
  if (options_.on_delivered) options_.on_delivered(write, is_effective);
  if (!is_effective) return result;
  if (!options_.keeps_tombstones && !write.embedding.has_value()) points_.erase(write.id);
  if (options_.on_applied) options_.on_applied(write, before);
  PlanRefresh();
  return result;
}

Result<Neighbors> SimVectorStore::Nearest(const Embedding& query,
                                          const Filter& filter,
                                          int count_max,
                                          Deadline deadline) {
  return Call<Neighbors>(
      "nearest", false, deadline, [this, query, filter, count_max]() -> Result<Neighbors> {
        const Lock lock(mutex_);
        const FakePoints& seen = options_.is_visible_at_once ? points_ : *visible_;
        return NearestOf(seen, query, filter, count_max);
      });
}

Result<void> SimVectorStore::AwaitVisible(Deadline deadline) {
  return Call<void>(
      "await_visible", false, deadline, [this, deadline] { return ServeAwaitVisible(deadline); });
}

Result<void> SimVectorStore::ServeAwaitVisible(Deadline deadline) {
  if (options_.is_visible_at_once) return {};
  if (!runtime_.IsInFiber()) {
    Refresh();
    return {};
  }
  const std::int64_t epoch = epoch_;
  const std::int64_t awaited = begun_refresh_ + 1;
  runtime_.Launch(kWorld, "refresh", [this] { Refresh(); });
  while (done_refresh_ < awaited) {
    if (deadline.HasPassed(runtime_)) return DeadlineExceeded("no refresh in time");
    runtime_.Sleep(std::min(kRefreshPoll, deadline.Remaining(runtime_)));
    if (!is_up_ || epoch != epoch_) return Down();
  }
  return {};
}

Result<std::vector<HeldPoint>> SimVectorStore::Scan(RecordId after,
                                                    int limit,
                                                    bool with_content,
                                                    Deadline deadline) {
  using Page = std::vector<HeldPoint>;
  return Call<Page>("scan", false, deadline, [this, after, limit, with_content]() -> Result<Page> {
    const Lock lock(mutex_);
    return PageOf(points_, after, limit, with_content);
  });
}

Result<Stamp> SimVectorStore::HighestStamp(Deadline deadline) {
  return Call<Stamp>("highest_stamp", false, deadline, [this]() -> Result<Stamp> {
    const Lock lock(mutex_);
    return HighestStampOf(points_);
  });
}

Result<std::int64_t> SimVectorStore::PurgeTombstones(Stamp floor, Deadline deadline) {
  return Call<std::int64_t>("purge", true, deadline, [this, floor]() -> Result<std::int64_t> {
    const Lock lock(mutex_);
    return PurgeTombstonesOf(points_, floor);
  });
}

Result<VectorSetId> SimVectorStore::Claim(VectorSetId set, Deadline deadline) {
  return Call<VectorSetId>("claim", true, deadline, [this, set]() -> Result<VectorSetId> {
    const Lock lock(mutex_);
    if (!claimed_by_.has_value()) claimed_by_ = set;
    return *claimed_by_;
  });
}

std::int64_t SimVectorStore::Size() const {
  const Lock lock(mutex_);
  return LiveCountOf(points_);
}

void SimVectorStore::PlanRefresh() {
  if (options_.is_visible_at_once || !runtime_.IsInFiber() || is_refresh_planned_) return;
  is_refresh_planned_ = true;
  runtime_.Launch(kWorld, "refresh", [this] {
    runtime_.Sleep(runtime_.random().SomeTime(options_.refresh_delay_most));
    is_refresh_planned_ = false;
    Refresh();
  });
}

// Searches see what was held when the refresh began, once it has ended.
void SimVectorStore::Refresh() {
  std::int64_t mine = 0;
  std::int64_t epoch = 0;
  std::shared_ptr<const FakePoints> seen;
  {
    const Lock lock(mutex_);
    mine = ++begun_refresh_;
    epoch = epoch_;
    seen = std::make_shared<const FakePoints>(points_);
  }
  if (runtime_.IsInFiber()) {
    runtime_.Sleep(runtime_.random().SomeTime(options_.refresh_time_most));
  }
  const Lock lock(mutex_);
  if (epoch != epoch_ || mine < done_refresh_) return;
  visible_ = std::move(seen);
  done_refresh_ = mine;
}

void SimVectorStore::BeginEpoch() {
  ++epoch_;
  visible_ = std::make_shared<const FakePoints>(points_);
  done_refresh_ = ++begun_refresh_;
}

void SimVectorStore::Stop() {
  const Lock lock(mutex_);
  counts_.Add(FaultKind::kUnavailable, "vector store");
  is_up_ = false;
}

void SimVectorStore::Start() {
  const Lock lock(mutex_);
  is_up_ = true;
}

void SimVectorStore::Restart() {
  const Lock lock(mutex_);
  counts_.Add(FaultKind::kRestart, "vector store");
  BeginEpoch();
}

void SimVectorStore::Wipe() {
  const Lock lock(mutex_);
  counts_.Add(FaultKind::kWiped, "vector store");
  points_.clear();
  claimed_by_.reset();
  BeginEpoch();
}

SimVectorStore::Copy SimVectorStore::Save() const {
  const Lock lock(mutex_);
  return {points_, claimed_by_};
}

void SimVectorStore::PutBack(const Copy& copy) {
  const Lock lock(mutex_);
  counts_.Add(FaultKind::kPutBack, "vector store");
  points_ = copy.points;
  claimed_by_ = copy.claimed_by;
  BeginEpoch();
}

void SimVectorStore::Plant(const VectorWrite& write) {
  {
    const Lock lock(mutex_);
    points_.insert_or_assign(write.id, write);
  }
  PlanRefresh();
}

const FakePoints& SimVectorStore::Points() const {
  const Lock lock(mutex_);
  return points_;
}

}  // namespace datastorage
