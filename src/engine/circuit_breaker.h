// CircuitBreaker: spares a server that fails, and its callers the wait. Closed: calls pass. After
// some failures in a row it opens: calls are refused for a pause. Then one call probes; its
// success closes the breaker, its failure begins another pause.
//
// Threads: safe to call concurrently.
#pragma once

#include <cstdint>

#include "base/runtime.h"

namespace datastorage {

class CircuitBreaker {
 public:
  enum class State : std::uint8_t { kClosed, kOpen, kProbing };

  struct Options {
    int failure_count_max = 5;  // In a row.
    Duration pause = std::chrono::seconds(1);
  };

  CircuitBreaker(Runtime& runtime, const Options& options)
      : runtime_(runtime), options_(options), mutex_(runtime) {}

  // Whether Allows would say yes now; asks for nothing.
  bool WouldAllow();

  // Whether a call may be made now. Who was allowed reports Succeeded or Failed.
  bool Allows();
  void Succeeded();
  void Failed();

  State state();

 private:
  Runtime& runtime_;
  const Options options_;
  Mutex mutex_;
  State state_ = State::kClosed;
  int failure_count_ = 0;
  SteadyTime retry_at_;
};

}  // namespace datastorage
