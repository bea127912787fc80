#include "sim/sim_fiber.h"

#include <algorithm>

#include "base/check.h"

namespace datastorage {
namespace {

// Fibers that still wait on what is destroyed are dead ones.
void Forget(FiberList& waiters) {
  for (SimFiber* fiber : waiters) {
    DS_CHECK(fiber->process.is_dead);
    fiber->waits_in = nullptr;
    fiber->waits_for = nullptr;
  }
  waiters.clear();
}

void Remove(std::vector<SimFiber*>& list, const SimFiber* fiber) {
  const auto found = std::find(list.begin(), list.end(), fiber);
  if (found != list.end()) list.erase(found);
}

// The body, ended quietly by a crash.
std::function<void()> Mortal(std::function<void()> body) {
  return [body = std::move(body)] {
    try {
      body();
    } catch (const ProcessCrashed&) {
      return;  // Unwound: this is where a crash ends.
    }
  };
}

}  // namespace

SimFiber::SimFiber(std::uint64_t fiber_id,
                   const SimProcess& owner,
                   std::string_view fiber_name,
                   std::function<void()> body)
    : id(fiber_id), process(owner), name(fiber_name), stack(Mortal(std::move(body))) {}

FiberMutex::~FiberMutex() {
  Forget(waiters_);
}

void FiberMutex::Lock() {
  if (IsIdle()) return;
  if (!runtime_.IsInFiber()) {
    DS_CHECK(!is_held_);
    is_held_ = true;
    return;
  }
  if (runtime_.instant_depth_ == 0 &&
      runtime_.random_.Chance(runtime_.options_.lock_yield_per_thousand)) {
    runtime_.Pause("lock");
  }
  DS_CHECK(runtime_.instant_depth_ == 0 || !is_held_);
  while (!IsIdle() && is_held_) {
    DS_CHECK(holder_.get() != runtime_.current_);
    runtime_.current_->waits_for = &holder_;
    runtime_.Block(waiters_, Deadline::Never(), "lock, held");
  }
  if (IsIdle()) return;
  is_held_ = true;
  holder_ = runtime_.current_->shared_from_this();
}

void FiberMutex::Unlock() {
  if (IsIdle()) return;
  DS_CHECK(is_held_ && holder_.get() == runtime_.current_);
  is_held_ = false;
  holder_ = nullptr;
  runtime_.WakeOneOf(waiters_);
}

FiberWaitQueue::~FiberWaitQueue() {
  Forget(waiters_);
}

bool FiberWaitQueue::Wait(MutexBackend& mutex, Deadline deadline) {
  runtime_.ThrowIfDead();
  if (runtime_.IsCallerDead()) return false;
  DS_CHECK(runtime_.IsInFiber());
  // Code of a process runs in its own fibers: one of another process would wait for ever.
  DS_CHECK(!process_.is_dead);
  static_cast<FiberMutex&>(mutex).Unlock();
  bool in_time = true;
  if (runtime_.random_.Chance(runtime_.options_.spurious_wake_per_thousand)) {
    runtime_.Pause("wait, woken for no reason");
  } else {
    in_time = runtime_.Block(waiters_, deadline, "wait");
  }
  runtime_.ThrowIfDead();
  static_cast<FiberMutex&>(mutex).Lock();
  return in_time;
}

void FiberWaitQueue::NotifyOne() {
  if (!IsIdle()) runtime_.WakeOneOf(waiters_);
}

void FiberWaitQueue::NotifyAll() {
  if (!IsIdle()) runtime_.WakeAllOf(waiters_);
}

void FiberTask::Await() {
  if (fiber_ == nullptr || runtime_.IsCallerDead()) return;
  // Outside of Run nobody can run it any more, or yet.
  if (!runtime_.IsInFiber() && !fiber_->stack.is_finished()) return runtime_.Drop(*fiber_);
  while (!fiber_->stack.is_finished()) {
    runtime_.current_->waits_for = &fiber_;
    runtime_.Block(fiber_->joiners, Deadline::Never(), "join");
    if (runtime_.IsCallerDead()) return;
  }
}

bool FiberRuntime::Block(FiberList& list, Deadline deadline, std::string_view where) {
  SimFiber& me = *current_;
  list.push_back(&me);
  me.waits_in = &list;
  if (deadline.time() != Deadline::Never().time()) {
    me.timer = {deadline.time(), next_timer_++};
    me.has_timer = true;
    timers_[me.timer] = &me;
  }
  SwitchAway(where);
  me.waits_for = nullptr;
  return me.was_woken_in_time;
}

void FiberRuntime::Pause(std::string_view where) {
  runnable_.push_back(current_);
  SwitchAway(where);
}

void FiberRuntime::SwitchAway(std::string_view where) {
  current_->where = where;
  current_->stack.Suspend();
}

void FiberRuntime::ThrowIfDead() const {
  if (current_ == nullptr || !current_->process.is_dead || current_->is_unwinding) return;
  current_->is_unwinding = true;
  throw ProcessCrashed();
}

void FiberRuntime::Wake(SimFiber& fiber, bool in_time) {
  Unlink(fiber);
  fiber.was_woken_in_time = in_time;
  runnable_.push_back(&fiber);
}

void FiberRuntime::Unlink(SimFiber& fiber) {
  if (fiber.waits_in != nullptr) Remove(*fiber.waits_in, &fiber);
  fiber.waits_in = nullptr;
  Remove(runnable_, &fiber);
  if (fiber.has_timer) timers_.erase(fiber.timer);
  fiber.has_timer = false;
}

void FiberRuntime::WakeOneOf(FiberList& list) {
  if (!list.empty()) Wake(*list[random_.Below(list.size())], true);
}

void FiberRuntime::WakeAllOf(FiberList& list) {
  while (!list.empty()) Wake(*list.front(), true);
}

}  // namespace datastorage
