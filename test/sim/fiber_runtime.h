// FiberRuntime: the Runtime of the simulator. Tasks are fibers of one thread, a seed decides who
// runs next, time is virtual, and a process (a replica of the service) can be crashed at any yield.
//
// Order:   a fiber runs until it locks, waits, sleeps, joins or calls Yield (the fakes do so around
//          every port call); then the seed picks the next one. Half of the seeds pick evenly, half
//          by priorities that fall now and then. Equal seeds give equal runs.
// Time:    stands still while fibers run, except for small steps that the seed takes; when nobody
//          can run it jumps to the next timer.
// Crash:   the fibers of the process are dropped, youngest first. One that sleeps, waits or yields
//          is unwound by an exception that nobody may swallow; one that stands in Lock or Join,
//          where destructors may stand, runs on to its next such point. Meanwhile every call of the
//          runtime returns at once and does nothing: whatever a dead process still does, it does to
//          its own memory. So a destructor may lock and join, but not wait, sleep or call a port.
//          Locks and wait queues belong to the process whose fiber made them and die with it; what
//          is made outside all processes belongs to the world, which outlives them.
// Threads: one. Outside Run, Yield does nothing, and locks must be free.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/runtime.h"
#include "sim/fiber_options.h"
#include "sim/sim_random.h"

namespace datastorage {

class SimFiber;
struct SimProcess;
using FiberList = std::vector<SimFiber*>;

class FiberRuntime final : public Runtime {
 public:
  using Options = FiberOptions;

  explicit FiberRuntime(Options options);
  ~FiberRuntime() override;

  SteadyTime Now() const override { return now_; }
  // With the skew of the calling fiber's process.
  WallTime WallNow() const override;
  void Sleep(Duration duration) override;
  // In the caller's process.
  std::unique_ptr<Task> Spawn(std::string_view name, std::function<void()> body) override;
  std::unique_ptr<MutexBackend> MakeMutex() override;
  std::unique_ptr<WaitQueueBackend> MakeWaitQueue() override;

  // Runs `body` in a fiber of the world until it returns, then drops all fibers that are left.
  // Once.
  RunReport Run(std::function<void()> body);

  ProcessId MakeProcess(std::string name, Duration wall_skew = {});
  std::unique_ptr<Task> SpawnIn(ProcessId process,
                                std::string_view name,
                                std::function<void()> body);
  // The same without an owner, such as a message under way.
  void Launch(ProcessId process, std::string_view name, std::function<void()> body);
  // Does not return when the caller is of the process. REQUIRES: not the world.
  void Crash(ProcessId process);
  bool IsDead(ProcessId process) const;

  // A point where others may run and a crash may strike; `where` outlives the runtime.
  void Yield(std::string_view where);
  // While one lives nobody else runs: for checks of one instant. They take only locks that are
  // free.
  class Instant {
   public:
    explicit Instant(FiberRuntime& runtime) : runtime_(runtime) { ++runtime_.instant_depth_; }
    ~Instant() { --runtime_.instant_depth_; }
    Instant(const Instant&) = delete;
    Instant& operator=(const Instant&) = delete;

   private:
    FiberRuntime& runtime_;
  };
  // Whether calls come to nothing: the caller's process is dead.
  bool IsCallerDead() const;
  bool IsInFiber() const { return current_ != nullptr; }
  ProcessId current_process() const;
  // What the caller is doing, in words of the protocol; inherited by what it spawns. Default: the
  // fiber's name. `step` outlives the runtime.
  void SetStep(std::string_view step);
  std::string step() const;
  // From here on the caller works for somebody new: a request, a round of a relay. Inherited by
  // what it spawns. Returns his number, which is above all earlier ones.
  int BeginActor();
  int actor() const;  // 0: nobody's.

  SimRandom& random() { return random_; }
  // "time process/fiber where" a line, if the options ask for it.
  const std::vector<std::string>& trace() const { return trace_; }

 private:
  friend class SimFiber;
  friend class FiberMutex;
  friend class FiberWaitQueue;
  friend class FiberTask;
  using FiberPointer = std::shared_ptr<SimFiber>;
  using Timers = std::map<std::pair<SteadyTime, std::uint64_t>, SimFiber*>;

  FiberPointer Start(ProcessId process, std::string_view name, std::function<void()> body);
  // Lets others run until somebody wakes the caller (true) or the deadline has passed (false).
  bool Block(FiberList& list, Deadline deadline, std::string_view where);
  void Pause(std::string_view where);
  void SwitchAway(std::string_view where);
  void ThrowIfDead() const;
  void Wake(SimFiber& fiber, bool in_time);
  void Unlink(SimFiber& fiber);
  void WakeOneOf(FiberList& list);
  void WakeAllOf(FiberList& list);

  void Step();
  void AdvanceClock();
  SimFiber* PickNext();
  void Resume(SimFiber& fiber);
  void Record(const SimFiber& fiber);
  void Retire(SimFiber& fiber);
  void DropFibersOf(const std::function<bool(const SimFiber&)>& is_meant);
  void Drop(SimFiber& fiber);
  std::string WhoWaits() const;

  const Options options_;
  SimRandom random_;
  bool picks_by_priority_ = false;
  std::int64_t lowest_priority_ = 0;
  SteadyTime now_;
  std::vector<std::unique_ptr<SimProcess>> processes_;
  std::vector<FiberPointer> fibers_;  // Not finished, oldest first.
  FiberList runnable_;
  Timers timers_;
  SimFiber* current_ = nullptr;
  int instant_depth_ = 0;
  std::vector<ProcessId> crashing_;  // To be dropped by the scheduler.
  std::uint64_t next_id_ = 0;
  std::uint64_t next_timer_ = 0;
  int last_actor_ = 0;
  RunReport report_;
  std::vector<std::string> trace_;
};

}  // namespace datastorage
