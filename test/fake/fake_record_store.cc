#include "fake/fake_record_store.h"

#include <algorithm>
#include <limits>
#include <tuple>

#include "base/check.h"
#include "base/limits.h"

namespace datastorage {

class FakeRecordStore::Turn {
 public:
  explicit Turn(FakeRecordStore& store) : store_(store) {
    std::unique_lock lock(store_.mutex_);
    while (store_.is_turn_taken_) {
      if (store_.yield_) {
        lock.unlock();
        store_.yield_();
        lock.lock();
      } else {
        store_.turn_over_.wait(lock);
      }
    }
    store_.is_turn_taken_ = true;
  }
  ~Turn() {
    const std::lock_guard lock(store_.mutex_);
    store_.is_turn_taken_ = false;
    store_.turn_over_.notify_one();
  }
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;

 private:
  FakeRecordStore& store_;
};

void FakeRecordStore::Yield() const {
  if (yield_) yield_();
}

Result<std::shared_ptr<const FakeState>> FakeRecordStore::Snapshot(Deadline deadline) {
  Yield();
  if (deadline.HasPassed(clock_)) return DeadlineExceeded("the deadline passed");
  const std::lock_guard lock(mutex_);
  if (failure_.has_value()) return *failure_;
  return std::shared_ptr<const FakeState>(state_);
}

Result<void> FakeRecordStore::Change(Deadline deadline,
                                     const std::function<Result<void>(FakeState&)>& change) {
  const Turn turn(*this);
  const int cut_count = [this] {
    const std::lock_guard lock(mutex_);
    return cut_count_;
  }();
  DS_ASSIGN_OR_RETURN(const std::shared_ptr<const FakeState> before, Snapshot(deadline));
  const auto after = std::make_shared<FakeState>(*before);
  DS_RETURN_IF_ERROR(change(*after));
  Yield();
  {
    const std::lock_guard lock(mutex_);
    if (cut_count != cut_count_) return Unavailable("the power was cut");
    state_ = after;
  }
  if (on_committed_) on_committed_(*after);
  return {};
}

// For a mutant: the first of so many stamps, drawn before the turn to write. Between the two lies
// what a client does in its transaction, so that others come first.
Stamp FakeRecordStore::DrawEarly(Stamp count) {
  constexpr int kStepsBetween = 8;
  if (!mutants_.draws_stamps_early) return 0;
  Stamp first = 0;
  {
    const std::lock_guard lock(mutex_);
    first = early_stamps_;
    early_stamps_ += count;
  }
  for (int step = 0; step < kStepsBetween; ++step) Yield();
  return first;
}

Result<std::vector<WriteOutcome>> FakeRecordStore::Commit(std::span<const WriteOp> operations,
                                                          CommitMode mode,
                                                          Deadline deadline) {
  DS_CHECK(operations.size() <= limits::kBatchItemCountMax);
  std::vector<WriteOutcome> outcomes;
  bool is_undone = false;
  const Stamp early_stamp = DrawEarly(static_cast<Stamp>(operations.size()));
  const auto apply = [&](FakeState& state) -> Result<void> {
    const FakeState before = mode == CommitMode::kAllOrNothing ? state : FakeState();
    FakeCommit commit(
        state, clock_.WallNow(), [this] { Yield(); }, mutants_, early_stamp);
    for (const WriteOp& operation : operations) outcomes.push_back(commit.Apply(operation));
    is_undone = mode == CommitMode::kAllOrNothing &&
                !std::all_of(outcomes.begin(), outcomes.end(), [](const auto& outcome) {
                  return Succeeded(outcome.status);
                });
    if (is_undone) {
      state = before;
    } else {
      commit.Finish();
    }
    return {};
  };
  DS_RETURN_IF_ERROR(Change(deadline, apply));
  {
    const std::lock_guard lock(mutex_);
    settled_.clear();
    constexpr int kCommitsPerSync = 4;
    if (!mutants_.acknowledges_unsynced || ++commit_count_ % kCommitsPerSync == 0) synced_ = state_;
  }
  for (WriteOutcome& outcome : outcomes) {
    if (!is_undone || !Succeeded(outcome.status)) continue;
    outcome = {.status = WriteStatus::kNotAttempted, .id = outcome.id};
  }
  return outcomes;
}

Result<std::vector<PendingVector>> FakeRecordStore::LeaseDue(VectorSetId set,
                                                             int limit,
                                                             Lease lease,
                                                             Deadline deadline) {
  std::vector<PendingVector> rows;
  const auto take = [&](FakeState& state) -> Result<void> {
    std::vector<std::tuple<WallTime, Stamp, RecordId>> due;
    for (const auto& [place, row] : state.pending) {
      if (place.first != set || row.due_at > lease.now) continue;
      if (row.state == FakePendingState::kParked) continue;
      due.emplace_back(row.due_at, row.stamp, place.second);
    }
    std::sort(due.begin(), due.end());
    if (due.size() > static_cast<std::size_t>(limit)) due.resize(static_cast<std::size_t>(limit));
    for (const auto& [due_at, stamp, id] : due) {
      FakePending& row = state.pending.at({set, id});
      row.due_at = lease.until;
      const bool is_intent = row.state == FakePendingState::kIntent;
      rows.push_back({set, id, stamp, is_intent, row.attempt_count, row.reason});
    }
    return {};
  };
  DS_RETURN_IF_ERROR(Change(deadline, take));
  return rows;
}

Result<void> FakeRecordStore::ChangeRows(
    std::span<const PendingVector> rows,
    Deadline deadline,
    const std::function<void(FakeState&, const PendingVector&)>& change) {
  return Change(deadline, [&](FakeState& state) -> Result<void> {
    for (const PendingVector& row : rows) {
      const auto found = state.pending.find({row.set, row.id});
      if (found == state.pending.end()) continue;
      if (found->second.stamp == row.stamp || mutants_.settles_any_stamp) change(state, row);
    }
    return {};
  });
}

Result<void> FakeRecordStore::Settle(std::span<const PendingVector> rows, Deadline deadline) {
  return ChangeRows(rows, deadline, [this](FakeState& state, const PendingVector& row) {
    const auto found = state.pending.find({row.set, row.id});
    if (found->second.state == FakePendingState::kIntent) return;
    {
      const std::lock_guard lock(mutex_);
      settled_.insert(*found);
    }
    state.pending.erase(found);
  });
}

void FakeRecordStore::CutPower() {
  {
    const std::lock_guard lock(mutex_);
    const auto kept =
        std::make_shared<FakeState>(mutants_.acknowledges_unsynced ? *synced_ : *state_);
    for (const auto& [place, row] : settled_) {
      const auto set = kept->sets.find(place.first);
      const bool is_active =
          set != kept->sets.end() && set->second.state != VectorSetState::kRetired;
      if (is_active) kept->pending.try_emplace(place, row);
    }
    settled_.clear();
    ++cut_count_;
    state_ = kept;
  }
  if (on_committed_) on_committed_(*state_);
}

Result<void> FakeRecordStore::Fail(std::span<const PendingVector> rows,
                                   PendingReason reason,
                                   WallTime due_at,
                                   Deadline deadline) {
  return ChangeRows(rows, deadline, [&](FakeState& state, const PendingVector& row) {
    FakePending& failed = state.pending.at({row.set, row.id});
    if (failed.state != FakePendingState::kDue) return;
    ++failed.attempt_count;
    failed.reason = reason;
    failed.due_at = due_at;
  });
}

Result<void> FakeRecordStore::Park(std::span<const PendingVector> rows, Deadline deadline) {
  return ChangeRows(rows, deadline, [](FakeState& state, const PendingVector& row) {
    FakePending& parked = state.pending.at({row.set, row.id});
    if (parked.state == FakePendingState::kDue) parked.state = FakePendingState::kParked;
  });
}

Result<std::int64_t> FakeRecordStore::Release(VectorSetId set, WallTime now, Deadline deadline) {
  std::int64_t released = 0;
  const auto release = [&](FakeState& state) -> Result<void> {
    for (auto& [place, row] : state.pending) {
      if (place.first != set || row.state != FakePendingState::kParked) continue;
      row.state = FakePendingState::kDue;
      row.due_at = now;
      row.attempt_count = 0;
      ++released;
    }
    return {};
  };
  DS_RETURN_IF_ERROR(Change(deadline, release));
  return released;
}

// In its turn: a commit that is still running is over by then.
Result<std::vector<AttemptOutcome>> FakeRecordStore::SettleAttempts(
    std::span<const AttemptRef> attempts, Deadline deadline) {
  const Turn turn(*this);
  DS_ASSIGN_OR_RETURN(const std::shared_ptr<const FakeState> state, Snapshot(deadline));
  std::vector<AttemptOutcome> outcomes;
  for (const AttemptRef& ref : attempts) outcomes.push_back(state->Settle(ref));
  return outcomes;
}

Result<Stamp> FakeRecordStore::RaiseStamps(Stamp floor, Deadline deadline) {
  if (floor == std::numeric_limits<Stamp>::max()) return InvalidArgument("no stamp is higher");
  Stamp highest = 0;
  const auto raise = [&](FakeState& state) -> Result<void> {
    highest = state.next_stamp - 1;
    state.next_stamp = std::max(state.next_stamp, floor + 1);
    return {};
  };
  DS_RETURN_IF_ERROR(Change(deadline, raise));
  return highest;
}

Result<VectorSet> FakeRecordStore::RegisterSet(const VectorSet& set, Deadline deadline) {
  if (set.state == VectorSetState::kRetired) return InvalidArgument("a new set is not retired");
  VectorSet registered = set;
  const WallTime now = clock_.WallNow();
  const auto insert = [&](FakeState& state) -> Result<void> {
    for (const auto& [id, other] : state.sets) {
      if (other.state == VectorSetState::kRetired || other.engine != set.engine) continue;
      if (other.space == set.space && other.projection == set.projection) {
        return Conflict("such a vector set is registered already");
      }
    }
    const VectorSet* live = state.LiveSet();
    registered.id = state.next_set++;
    state.Fill(registered.id, now);
    if (set.state == VectorSetState::kLive && live != nullptr) state.Retire(live->id);
    state.sets[registered.id] = registered;
    return {};
  };
  DS_RETURN_IF_ERROR(Change(deadline, insert));
  return registered;
}

Result<void> FakeRecordStore::ChangeSetState(VectorSetId set,
                                             VectorSetState from,
                                             VectorSetState to,
                                             Deadline deadline) {
  return Change(deadline, [&](FakeState& state) -> Result<void> {
    const auto found = state.sets.find(set);
    if (found == state.sets.end()) return NotFound("no such vector set");
    const VectorSetState state_before = found->second.state;
    if (state_before == to) return {};
    if (state_before != from || !MayBecome(from, to)) return WrongStateOf(found->second);
    const VectorSet* live = state.LiveSet();
    if (to == VectorSetState::kLive && live != nullptr) state.Retire(live->id);
    if (to == VectorSetState::kRetired) {
      state.Retire(set);
    } else {
      found->second.state = to;
    }
    return {};
  });
}

void FakeRecordStore::FailWith(std::optional<Error> error) {
  const std::lock_guard lock(mutex_);
  failure_ = std::move(error);
}

std::shared_ptr<const FakeState> FakeRecordStore::State() {
  const std::lock_guard lock(mutex_);
  return state_;
}

void FakeRecordStore::Restore(const std::shared_ptr<const FakeState>& state) {
  const std::lock_guard lock(mutex_);
  state_ = std::make_shared<FakeState>(*state);
}

std::string FakeRecordStore::Dump() {
  const std::lock_guard lock(mutex_);
  return state_->Dump();
}

}  // namespace datastorage
