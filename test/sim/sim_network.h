// SimNetwork: the way from a process to a server. A call is served at once, or by the seed's choice
// lost, answered to nobody, served late (even after its caller gave up or crashed), served again,
// or slow. What the server does is a function; what it changes, it changes in the world.
//
// Threads:   one. Outside of fibers every call is served at once, without faults.
// Ownership: keeps references to the runtime and the counts.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/uuid.h"
#include "sim/fault_counts.h"
#include "sim/fiber_runtime.h"
#include "sim/sim_call.h"

namespace datastorage {

class SimNetwork {
 public:
  SimNetwork(FiberRuntime& runtime, FaultCounts& counts) : runtime_(runtime), counts_(counts) {}

  // From now on; what is under way stays so.
  void SetFaults(const SimFaults& faults) { faults_ = faults; }
  const SimFaults& faults() const { return faults_; }

  // `serve` owns what it needs: it may run after the caller is gone, and twice.
  template <class T>
  Result<T> Call(const SimCall& call, Deadline deadline, std::function<Result<T>()> serve) {
    if (!runtime_.IsInFiber()) {
      if (deadline.HasPassed(runtime_)) return DeadlineExceeded("no time left");
      return serve();
    }
    if (runtime_.IsCallerDead()) return Unavailable("the caller is dead");
    const std::optional<FaultKind> fault = Begin(call, deadline);
    if (!fault.has_value()) return DeadlineExceeded("no time left");
    Result<T> answer = Carry<T>(call, *fault, deadline, std::move(serve));
    runtime_.Yield(call.ends);
    return answer;
  }

  // Messages that have not ended. Waits until none is left, whatever their delays.
  std::size_t under_way_count() const;
  void AwaitQuiet();
  // Makes sure that no message with this mark is served from now on: waits for it or cancels it.
  // False when the seed or the deadline does not allow it yet.
  bool Settle(const Uuid& mark, Deadline deadline);

 private:
  // Filled in by the message's fiber; the caller waits for it, or has gone.
  template <class T>
  struct Reply {
    explicit Reply(FiberRuntime& runtime) : mutex(runtime), arrived(runtime) {}
    Mutex mutex;
    WaitQueue arrived;
    std::optional<Result<T>> answer;
  };

  // Counts the call and draws its fault. nullopt: the deadline has passed.
  std::optional<FaultKind> Begin(const SimCall& call, Deadline deadline);
  void Count(const SimCall& call, FaultKind kind);
  // Waits as long as a caller without an answer does, and says what it takes it for.
  Error BreakOff(const SimCall& call, Deadline deadline);
  // Lets `serve` run in a fiber of the world after `delay`, unless it is cancelled.
  void Send(const SimCall& call, Duration delay, std::function<void()> serve);

  template <class T>
  Result<T> Carry(const SimCall& call,
                  FaultKind fault,
                  Deadline deadline,
                  std::function<Result<T>()> serve) {
    SimRandom& random = runtime_.random();
    const bool is_apart = random.Chance(faults_.apart);
    if (fault == FaultKind::kUnavailable) return Unavailable("the server refuses");
    if (fault == FaultKind::kRequestLost) return BreakOff(call, deadline);
    if (fault == FaultKind::kSlow) {
      runtime_.Sleep(random.SomeTime(faults_.slow_most));
      if (deadline.HasPassed(runtime_)) return DeadlineExceeded("the server took too long");
    }
    if (fault == FaultKind::kRepeated) {
      Send(call, random.SomeTime(faults_.delay_most), [serve] {
        static_cast<void>(serve().has_value());
      });
    }
    if (fault == FaultKind::kDelayed) {
      return Await<T>(call, random.SomeTime(faults_.delay_most), deadline, std::move(serve));
    }
    if (is_apart && fault != FaultKind::kAnswerLost) {
      return Await<T>(call, Duration(), deadline, std::move(serve));
    }
    Result<T> answer = serve();
    if (fault == FaultKind::kAnswerLost) return BreakOff(call, deadline);
    return answer;
  }

  // The caller's crash does not stop a call that is served apart.
  template <class T>
  Result<T> Await(const SimCall& call,
                  Duration delay,
                  Deadline deadline,
                  std::function<Result<T>()> serve) {
    const auto reply = std::make_shared<Reply<T>>(runtime_);
    Send(call, delay, [reply, serve = std::move(serve)] {
      Result<T> answer = serve();
      const MutexLock lock(reply->mutex);
      reply->answer = std::move(answer);
      reply->arrived.NotifyAll();
    });
    const Deadline patience = deadline.Within(faults_.patience_most, runtime_);
    std::optional<Result<T>> answer;
    {
      const MutexLock lock(reply->mutex);
      while (!reply->answer.has_value() && reply->arrived.Wait(reply->mutex, patience)) {
      }
      answer = std::move(reply->answer);
    }
    // Not under the lock: a caller that crashed while it held it would hold the server up.
    if (!answer.has_value()) return BreakOff(call, Deadline::At(runtime_.Now()));
    return *std::move(answer);
  }

  FiberRuntime& runtime_;
  FaultCounts& counts_;
  SimFaults faults_;
  std::vector<std::shared_ptr<SimMessage>> under_way_;
};

}  // namespace datastorage
