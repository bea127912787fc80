// What FiberRuntime knows of its fibers and processes, and the locks, wait queues and tasks it
// hands out. Only fiber_runtime.cc and its tests look in here.
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "sim/fiber.h"
#include "sim/fiber_runtime.h"

namespace datastorage {

struct SimProcess {
  ProcessId id = kWorld;
  std::string name;
  Duration wall_skew{};
  bool is_dead = false;
};

// Unwinds a fiber of a crashed process. Never caught but at the fiber's end.
struct ProcessCrashed {};

class SimFiber : public std::enable_shared_from_this<SimFiber> {
 public:
  SimFiber(std::uint64_t fiber_id,
           const SimProcess& owner,
           std::string_view fiber_name,
           std::function<void()> body);

  const std::uint64_t id;
  const SimProcess& process;
  const std::string name;
  Fiber stack;
  std::string_view step;      // Empty: the name.
  int actor = 0;              // Whose work it does.
  std::string_view where;     // It stands.
  std::int64_t priority = 0;  // At first not negative.
  bool is_unwinding = false;
  int dead_call_count = 0;

  // While it waits.
  FiberList* waits_in = nullptr;
  const std::shared_ptr<SimFiber>* waits_for = nullptr;  // Who holds the lock, or is joined.
  std::pair<SteadyTime, std::uint64_t> timer;
  bool has_timer = false;
  bool was_woken_in_time = false;

  FiberList joiners;
};

class FiberMutex final : public MutexBackend {
 public:
  FiberMutex(FiberRuntime& runtime, const SimProcess& process)
      : runtime_(runtime), process_(process) {}
  ~FiberMutex() override;
  FiberMutex(const FiberMutex&) = delete;
  FiberMutex& operator=(const FiberMutex&) = delete;
  void Lock() override;
  void Unlock() override;

 private:
  bool IsIdle() const { return process_.is_dead || runtime_.IsCallerDead(); }

  FiberRuntime& runtime_;
  const SimProcess& process_;
  bool is_held_ = false;
  std::shared_ptr<SimFiber> holder_;  // nullptr outside of fibers.
  FiberList waiters_;
};

class FiberWaitQueue final : public WaitQueueBackend {
 public:
  FiberWaitQueue(FiberRuntime& runtime, const SimProcess& process)
      : runtime_(runtime), process_(process) {}
  ~FiberWaitQueue() override;
  FiberWaitQueue(const FiberWaitQueue&) = delete;
  FiberWaitQueue& operator=(const FiberWaitQueue&) = delete;
  bool Wait(MutexBackend& mutex, Deadline deadline) override;
  void NotifyOne() override;
  void NotifyAll() override;

 private:
  bool IsIdle() const { return process_.is_dead || runtime_.IsCallerDead(); }

  FiberRuntime& runtime_;
  const SimProcess& process_;
  FiberList waiters_;
};

// Without a fiber: of a caller that was dead already.
class FiberTask final : public Task {
 public:
  FiberTask(FiberRuntime& runtime, std::shared_ptr<SimFiber> fiber)
      : runtime_(runtime), fiber_(std::move(fiber)) {}
  ~FiberTask() override { Await(); }
  FiberTask(const FiberTask&) = delete;
  FiberTask& operator=(const FiberTask&) = delete;
  void Join() override { Await(); }

 private:
  void Await();

  FiberRuntime& runtime_;
  const std::shared_ptr<SimFiber> fiber_;
};

}  // namespace datastorage
