// SharedRefresh: one refresh for all who wait for one. Whoever waits is served by a refresh that
// began after the call; between the begins of two lies a pause, since each makes a segment.
//
// Threads: Await may be called concurrently; one of the callers does the work for the others.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>

#include "base/clock.h"
#include "base/result.h"

namespace datastorage::opensearch {

class SharedRefresh {
 public:
  using Refresh = std::function<Result<void>(Deadline)>;

  SharedRefresh(Refresh refresh, Duration pause) : refresh_(std::move(refresh)), pause_(pause) {}

  // Errors: those of the refresh, when this caller did it; kDeadlineExceeded.
  Result<void> Await(Deadline deadline);

 private:
  // REQUIRES the lock, and that nobody leads. Lets go of it while the refresh runs.
  Result<void> Lead(std::unique_lock<std::mutex>& lock, Deadline deadline);

  const Refresh refresh_;
  const Duration pause_;

  std::mutex mutex_;
  std::condition_variable changed_;
  bool is_led_ = false;
  std::uint64_t begun_count_ = 0;
  std::uint64_t last_done_ = 0;  // The number of the last one that succeeded.
  SteadyTime next_at_;           // No refresh begins before.
};

}  // namespace datastorage::opensearch
