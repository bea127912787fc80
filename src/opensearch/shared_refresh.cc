#include "opensearch/shared_refresh.h"

#include <algorithm>
#include <utility>

namespace datastorage::opensearch {

Result<void> SharedRefresh::Await(Deadline deadline) {
  std::unique_lock lock(mutex_);
  // One that runs now may have begun before what the caller waits for.
  const std::uint64_t wanted = begun_count_ + 1;
  while (last_done_ < wanted) {
    if (deadline.HasPassed()) return DeadlineExceeded("OpenSearch: no refresh in time");
    if (is_led_) {
      changed_.wait_for(lock, deadline.Remaining());
    } else {
      DS_RETURN_IF_ERROR(Lead(lock, deadline));
    }
  }
  return {};
}

Result<void> SharedRefresh::Lead(std::unique_lock<std::mutex>& lock, Deadline deadline) {
  is_led_ = true;
  const SteadyTime begin = std::min(next_at_, deadline.time());
  while (SystemClock().Now() < begin) changed_.wait_until(lock, begin);
  Result<void> outcome = DeadlineExceeded("OpenSearch: no refresh in time");
  if (!deadline.HasPassed()) {
    const std::uint64_t number = ++begun_count_;
    next_at_ = SystemClock().Now() + pause_;
    lock.unlock();
    outcome = refresh_(deadline);
    lock.lock();
    if (outcome.has_value()) last_done_ = std::max(last_done_, number);
  }
  is_led_ = false;
  changed_.notify_all();
  return outcome;
}

}  // namespace datastorage::opensearch
