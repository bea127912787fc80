// WaitSlots: the few places for requests that wait for a model or a vector store, so that a slow
// one holds at most that many workers. Whoever finds none free goes on without waiting, or, if it
// cannot go on so, waits for one; half as many as there are slots may do that at once.
//
// Threads: safe to call concurrently. A Slot must not outlive its WaitSlots.
#pragma once

#include <algorithm>

#include "base/runtime.h"

namespace datastorage {

class WaitSlots {
 public:
  WaitSlots(Runtime& runtime, int count_max)
      : runtime_(runtime),
        mutex_(runtime),
        freed_(runtime),
        free_count_(count_max),
        waiting_count_max_(std::max(1, count_max / 2)) {}

  class [[nodiscard]] Slot {
   public:
    explicit Slot(WaitSlots& slots) : slots_(slots), is_held_(slots.Take()) {}
    Slot(WaitSlots& slots, Deadline patience) : slots_(slots), is_held_(slots.Await(patience)) {}
    ~Slot() {
      if (is_held_) slots_.GiveBack();
    }
    Slot(const Slot&) = delete;
    Slot& operator=(const Slot&) = delete;
    bool is_held() const { return is_held_; }

   private:
    WaitSlots& slots_;
    const bool is_held_;
  };

 private:
  bool Take() {
    const MutexLock lock(mutex_);
    if (free_count_ == 0) return false;
    --free_count_;
    return true;
  }
  bool Await(Deadline patience) {
    const MutexLock lock(mutex_);
    const bool may_wait = waiting_count_ < waiting_count_max_ && !patience.HasPassed(runtime_);
    if (free_count_ == 0 && may_wait) {
      ++waiting_count_;
      while (free_count_ == 0 && freed_.Wait(mutex_, patience)) {
      }
      --waiting_count_;
    }
    if (free_count_ == 0) return false;
    --free_count_;
    return true;
  }
  void GiveBack() {
    const MutexLock lock(mutex_);
    ++free_count_;
    freed_.NotifyOne();
  }

  Runtime& runtime_;
  Mutex mutex_;
  WaitQueue freed_;
  int free_count_;
  int waiting_count_ = 0;
  const int waiting_count_max_;
};

}  // namespace datastorage
