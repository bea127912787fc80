// Runtime: what concurrent code may use of the outside world: time, tasks, locks
// and waiting. engine/ and ports/ use nothing else, so that the same code runs on
// threads in the service and on fibers with virtual time in the simulator.
//
// Threads:     everything here may be used from any task.
// Ownership:   a Mutex, WaitQueue or Task must not outlive its Runtime.
#pragma once

#include <functional>
#include <memory>
#include <string_view>

#include "base/clock.h"

namespace datastorage {

// A running function. Destroying it joins it: no task outlives its owner.
class Task {
 public:
  virtual ~Task() = default;
  virtual void Join() = 0;
};

// What a runtime makes behind Mutex and WaitQueue below.
class MutexBackend {
 public:
  virtual ~MutexBackend() = default;
  virtual void Lock() = 0;
  virtual void Unlock() = 0;
};

class WaitQueueBackend {
 public:
  virtual ~WaitQueueBackend() = default;
  // Releases `mutex`, waits, takes it again. False when the deadline passed first.
  // May wake for no reason: callers wait in a loop.
  virtual bool Wait(MutexBackend& mutex, Deadline deadline) = 0;
  virtual void NotifyOne() = 0;
  virtual void NotifyAll() = 0;
};

class Runtime : public Clock {
 public:
  // Returns when `duration` has passed, on the runtime's clock.
  virtual void Sleep(Duration duration) = 0;
  // Starts `body`; `name` (≤ 15 bytes) shows in debuggers and logs.
  virtual std::unique_ptr<Task> Spawn(std::string_view name, std::function<void()> body) = 0;
  virtual std::unique_ptr<MutexBackend> MakeMutex() = 0;
  virtual std::unique_ptr<WaitQueueBackend> MakeWaitQueue() = 0;
};

// Threads and the machine's clock. Lives as long as the process.
Runtime& ThreadRuntime();

class Mutex {
 public:
  explicit Mutex(Runtime& runtime) : backend_(runtime.MakeMutex()) {}
  void Lock() { backend_->Lock(); }
  void Unlock() { backend_->Unlock(); }
  MutexBackend& backend() { return *backend_; }

 private:
  std::unique_ptr<MutexBackend> backend_;
};

// Holds a Mutex for a scope.
class [[nodiscard]] MutexLock {
 public:
  explicit MutexLock(Mutex& mutex) : mutex_(mutex) { mutex_.Lock(); }
  ~MutexLock() { mutex_.Unlock(); }
  MutexLock(const MutexLock&) = delete;
  MutexLock& operator=(const MutexLock&) = delete;

 private:
  Mutex& mutex_;
};

class WaitQueue {
 public:
  explicit WaitQueue(Runtime& runtime) : backend_(runtime.MakeWaitQueue()) {}
  // REQUIRES: `mutex` is held. False when the deadline passed first.
  bool Wait(Mutex& mutex, Deadline deadline) { return backend_->Wait(mutex.backend(), deadline); }
  void NotifyOne() { backend_->NotifyOne(); }
  void NotifyAll() { backend_->NotifyAll(); }

 private:
  std::unique_ptr<WaitQueueBackend> backend_;
};

}  // namespace datastorage
