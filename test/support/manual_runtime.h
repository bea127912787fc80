// ManualRuntime: threads and locks as they are, on a clock that stands still until a test moves it
// or somebody sleeps.
//
// Threads: safe to call concurrently.
#pragma once

#include "base/runtime.h"
#include "support/manual_clock.h"

namespace datastorage {

class ManualRuntime final : public Runtime {
 public:
  SteadyTime Now() const override { return clock_.Now(); }
  WallTime WallNow() const override { return clock_.WallNow(); }
  void Advance(Duration duration) { clock_.Advance(duration); }

  void Sleep(Duration duration) override { clock_.Advance(duration); }
  std::unique_ptr<Task> Spawn(std::string_view name, std::function<void()> body) override {
    return ThreadRuntime().Spawn(name, std::move(body));
  }
  std::unique_ptr<MutexBackend> MakeMutex() override { return ThreadRuntime().MakeMutex(); }
  std::unique_ptr<WaitQueueBackend> MakeWaitQueue() override {
    return std::make_unique<Waiters>(clock_);
  }

 private:
  // Looks at the clock every now and then, as nothing says when a test moves it.
  class Waiters final : public WaitQueueBackend {
   public:
    explicit Waiters(const Clock& clock) : clock_(clock) {}
    bool Wait(MutexBackend& mutex, Deadline deadline) override {
      inner_->Wait(mutex, Deadline::In(std::chrono::milliseconds(1)));
      return !deadline.HasPassed(clock_);
    }
    void NotifyOne() override { inner_->NotifyOne(); }
    void NotifyAll() override { inner_->NotifyAll(); }

   private:
    const Clock& clock_;
    const std::unique_ptr<WaitQueueBackend> inner_ = ThreadRuntime().MakeWaitQueue();
  };

  ManualClock clock_;
};

}  // namespace datastorage
