#include "engine/vector_sets.h"

#include <algorithm>

#include "base/limits.h"
#include "base/log.h"

namespace datastorage {
namespace {

constexpr Duration kPageTimeout = std::chrono::seconds(30);
constexpr Duration kRetryPause = std::chrono::seconds(1);
constexpr Duration kBindTimeout = std::chrono::seconds(2);

void LogForeign(const VectorPlace& place) {
  Log(LogLevel::kError,
      "the index that vectors are to move to holds those of another set: give the move up",
      {{"set", place.set.id},
       {"engine", std::string_view(place.set.engine)},
       {"mark", *place.foreign_mark}});
}

}  // namespace

VectorSets::VectorSets(Runtime& runtime,
                       RecordStore& store,
                       std::vector<VectorEngine> engines,
                       std::string space)
    : runtime_(runtime),
      store_(store),
      space_(std::move(space)),
      unapplied_(runtime),
      mutex_(runtime),
      changed_(runtime) {
  for (VectorEngine& engine : engines) {
    engines_.push_back(
        {std::move(engine), std::make_unique<CircuitBreaker>(runtime, CircuitBreaker::Options{})});
  }
}

Result<void> VectorSets::Open(Deadline deadline, const MayLeave& may_leave) {
  if (space_.empty()) return {};
  DS_RETURN_IF_ERROR(Refresh(deadline));
  if (Live().has_value()) return {};
  DS_RETURN_IF_ERROR(CheckElsewhere(may_leave, deadline));
  const VectorEngine& engine = engines_.front().engine;
  VectorSet wanted;
  wanted.engine = engine.name;
  wanted.space = space_;
  wanted.pending_rule = RulesOf(engine.index->Capabilities().placement).pending_rule;
  wanted.state = VectorSetState::kLive;
  const Result<VectorSet> set = store_.RegisterSet(wanted, deadline);
  if (set.has_value()) {
    Log(LogLevel::kInfo,
        "vector set registered",
        {{"set", set->id},
         {"engine", std::string_view(set->engine)},
         {"space", std::string_view(space_)}});
  } else if (set.error().code != ErrorCode::kConflict) {
    return set.error();
  }
  // After a conflict too: another replica that starts now was first.
  return Refresh(deadline);
}

// A set of an engine that somebody forgot to name must not be lost to searches by that.
Result<void> VectorSets::CheckElsewhere(const MayLeave& may_leave, Deadline deadline) {
  DS_ASSIGN_OR_RETURN(const std::vector<VectorSet> sets, store_.Sets(deadline));
  for (const VectorSet& set : sets) {
    if (set.state != VectorSetState::kLive || set.space != space_) continue;
    if (Find(set.engine) != nullptr || (may_leave && may_leave(set))) continue;
    return Conflict("searches use vector set " + std::to_string(set.id) + " of engine " +
                    set.engine + ", and this service has engine " + TargetEngine());
  }
  return {};
}

Result<void> VectorSets::Refresh(Deadline deadline) {
  if (space_.empty()) return {};
  DS_ASSIGN_OR_RETURN(const std::vector<VectorSet> sets, store_.Sets(deadline));
  std::vector<VectorPlace> places;
  for (const VectorSet& set : sets) {
    const bool is_used =
        set.state == VectorSetState::kFilling || set.state == VectorSetState::kLive;
    if (!is_used || set.space != space_) continue;
    for (const Engine& engine : engines_) {
      if (engine.engine.name != set.engine) continue;
      DS_ASSIGN_OR_RETURN(VectorPlace place, Bind(set, engine, deadline));
      places.push_back(std::move(place));
    }
  }
  std::partition(
      places.begin(), places.end(), [](const VectorPlace& place) { return place.IsLive(); });
  const MutexLock lock(mutex_);
  places_ = std::move(places);
  return {};
}

Result<VectorPlace> VectorSets::Bind(const VectorSet& set,
                                     const Engine& engine,
                                     Deadline deadline) {
  VectorIndex& index = *engine.engine.index;
  VectorPlace place{set, &index, nullptr, RulesOf(index.Capabilities().placement), false};
  if (place.rules.has_breaker) place.breaker = engine.breaker.get();
  bool was_foreign = false;
  {
    const MutexLock lock(mutex_);
    for (const VectorPlace& known : places_) {
      if (known.set.id != set.id) continue;
      place.is_marked = known.is_marked;
      was_foreign = known.foreign_mark.has_value();
    }
  }
  if (place.is_marked) return place;
  // A server that hangs must not use up what others need, such as the relay of another set.
  const Deadline limit = deadline.Within(kBindTimeout, runtime_);
  const Result<VectorSetId> mark = index.Claim(set.id, limit);
  if (!mark.has_value()) return place;  // Asked again with the next Refresh.
  if (*mark != set.id) {
    // Whoever moves there is told; searches and writes do not need it.
    place.foreign_mark = *mark;
    if (set.state == VectorSetState::kFilling && !was_foreign) LogForeign(place);
    if (set.state == VectorSetState::kFilling) return place;
    return InvalidArgument("the index of engine " + set.engine + " bears the mark of set " +
                           std::to_string(*mark) + ", not of set " + std::to_string(set.id));
  }
  if (on_bind_ && !place.rules.is_filled_from_store) {
    if (!on_bind_(place, deadline).has_value()) return place;
  }
  place.is_marked = true;
  return place;
}

std::optional<VectorPlace> VectorSets::Live() {
  const MutexLock lock(mutex_);
  if (places_.empty() || !places_.front().IsLive()) return std::nullopt;
  return places_.front();
}

std::vector<VectorPlace> VectorSets::Places() {
  const MutexLock lock(mutex_);
  return places_;
}

const VectorEngine* VectorSets::Find(std::string_view engine) const {
  for (const Engine& each : engines_) {
    if (each.engine.name == engine) return &each.engine;
  }
  return nullptr;
}

bool VectorSets::NeedsIntent() {
  const MutexLock lock(mutex_);
  return std::any_of(places_.begin(), places_.end(), [](const VectorPlace& place) {
    return place.rules.needs_intent;
  });
}

bool VectorSets::NeedsSending() {
  const MutexLock lock(mutex_);
  return std::any_of(places_.begin(), places_.end(), [](const VectorPlace& place) {
    return !place.rules.is_written_with_record;
  });
}

bool VectorSets::NeedsEntry() {
  const MutexLock lock(mutex_);
  return std::any_of(places_.begin(), places_.end(), [](const VectorPlace& place) {
    return place.HasUnappliedEntries();
  });
}

void VectorSets::StartFilling() {
  const std::optional<VectorPlace> live = Live();
  if (!live.has_value() || !live->rules.is_filled_from_store) {
    is_filled_.store(true, std::memory_order_release);
    return;
  }
  filling_ = runtime_.Spawn("fill-index", [this, index = live->index] { Fill(*index); });
}

bool VectorSets::AwaitFilled(Deadline deadline) {
  const MutexLock lock(mutex_);
  while (!IsFilled()) {
    if (is_stopping_ || !changed_.Wait(mutex_, deadline)) return IsFilled();
  }
  return true;
}

void VectorSets::Stop() {
  {
    const MutexLock lock(mutex_);
    is_stopping_ = true;
  }
  changed_.NotifyAll();
  filling_.reset();
}

void VectorSets::Fill(VectorIndex& index) {
  std::optional<RecordId> after = RecordId{};
  while (after.has_value()) {
    Result<std::optional<RecordId>> next = FillPage(index, *after);
    const MutexLock lock(mutex_);
    if (is_stopping_) return;
    if (next.has_value()) {
      after = *next;
      continue;
    }
    Log(LogLevel::kWarning,
        "filling the index failed; trying again",
        {{"code", NameOf(next.error().code)}});
    changed_.Wait(mutex_, Deadline::In(kRetryPause, runtime_));
  }
  const MutexLock lock(mutex_);
  is_filled_.store(true, std::memory_order_release);
  changed_.NotifyAll();
  Log(LogLevel::kInfo, "index filled", {{"points", index.Size()}});
}

// Returns where the next page begins; nothing after the last one.
Result<std::optional<RecordId>> VectorSets::FillPage(VectorIndex& index, RecordId after) {
  const Deadline deadline = Deadline::In(kPageTimeout, runtime_);
  const int limit = static_cast<int>(limits::kScanPageCountMax);
  DS_ASSIGN_OR_RETURN(std::vector<StoredEmbedding> page,
                      store_.ScanEmbeddings(space_, after, limit, deadline));
  if (page.empty()) return std::optional<RecordId>();
  std::vector<VectorWrite> writes;
  writes.reserve(page.size());
  for (StoredEmbedding& stored : page) {
    writes.push_back({stored.id, stored.stamp, stored.vector, std::move(stored.members)});
  }
  DS_RETURN_IF_ERROR(index.Apply(writes, deadline));
  return std::optional<RecordId>(page.back().id);
}

}  // namespace datastorage
