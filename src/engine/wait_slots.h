// WaitSlots: the few places for requests that wait for a model or a vector store, so that a slow
// one holds at most that many workers. Whoever finds none free goes on without waiting.
//
// Threads: safe to call concurrently. A Slot must not outlive its WaitSlots.
#pragma once

#include "base/runtime.h"

namespace datastorage {

class WaitSlots {
 public:
  WaitSlots(Runtime& runtime, int count_max) : mutex_(runtime), free_count_(count_max) {}

  class [[nodiscard]] Slot {
   public:
    explicit Slot(WaitSlots& slots) : slots_(slots), is_held_(slots.Take()) {}
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
  void GiveBack() {
    const MutexLock lock(mutex_);
    ++free_count_;
  }

  Mutex mutex_;
  int free_count_;
};

}  // namespace datastorage
