// CircuitBreaker: spares a server that fails, and its callers the wait. Closed: calls pass. After
// some failures in a row it opens: calls are refused for a pause. Then one call probes; its
// success closes the breaker, its failure begins another pause.
//
// Threads: safe to call concurrently.
#pragma once

#include <cstdint>

#include "base/result.h"
#include "base/runtime.h"

namespace datastorage {

class CircuitBreaker {
 public:
  enum class State : std::uint8_t { kClosed, kOpen, kProbing };

  struct Options {
    int failure_count_max = 5;  // In a row.
    Duration pause = std::chrono::seconds(1);
    Duration fair_time = std::chrono::milliseconds(500);
  };

  CircuitBreaker(Runtime& runtime, const Options& options)
      : runtime_(runtime), options_(options), mutex_(runtime) {}

  // Makes the call, a function that returns a Result, and learns from it; or refuses it
  // (kUnavailable). Which errors are the server's failure:
  // - kDeadlineExceeded only if the caller gave it a fair time: at least `fair_time` was left when
  //   the call began. Whoever has less says nothing about the server, so he does not probe either.
  // - kInternal and kInvalidArgument are not: it answered, and the request may be at fault.
  // - All others are.
  template <class Call>
  auto Guard(Deadline deadline, const Call& call) -> decltype(call()) {
    const bool is_fair = deadline.Remaining(runtime_) >= options_.fair_time;
    const bool is_allowed = is_fair ? Allows() : state() == State::kClosed;
    if (!is_allowed) return Unavailable("the server has failed, and is spared for a while");
    auto result = call();
    if (result.has_value()) {
      Succeeded();
    } else {
      Learn(result.error().code, is_fair);
    }
    return result;
  }

  // Whether Allows would say yes now; asks for nothing.
  bool WouldAllow();

  // Whether a call may be made now. Who was allowed reports Succeeded or Failed.
  bool Allows();
  void Succeeded();
  void Failed();

  State state();

 private:
  void Learn(ErrorCode code, bool had_fair_time);

  Runtime& runtime_;
  const Options options_;
  Mutex mutex_;
  State state_ = State::kClosed;
  int failure_count_ = 0;
  SteadyTime retry_at_;
};

}  // namespace datastorage
