#include "postgres/connection_pool.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "base/limits.h"

namespace datastorage::postgres {
namespace {

constexpr std::chrono::milliseconds kFairTime{500};

}  // namespace

ConnectionPool::Lease::~Lease() {
  if (connection_ == nullptr) return;
  connection_->Rollback();
  pool_->Return(std::move(connection_));
}

ConnectionPool::ConnectionPool(int count_max, Opener open, PoolMeter meter)
    : count_max_(count_max), open_(std::move(open)), meter_(meter) {
  DS_CHECK(count_max > 0 && count_max <= limits::kDatabaseSessionCountMax);
}

Result<ConnectionPool::Lease> ConnectionPool::Acquire(Deadline deadline) {
  const SteadyTime begin = SystemClock().Now();
  Result<Lease> lease = TakeOrOpen(begin, deadline);
  meter_.Waited(SystemClock().Now() - begin);
  return lease;
}

Result<ConnectionPool::Lease> ConnectionPool::TakeOrOpen(SteadyTime begin, Deadline deadline) {
  std::unique_lock lock(mutex_);
  // Remaining() is bounded, so that the sum with now cannot overflow.
  const SteadyTime until = begin + deadline.Remaining();
  while (true) {
    if (deadline.HasPassed()) {
      return DeadlineExceeded("the record store was busy until the deadline passed");
    }
    if (!free_.empty()) {
      std::unique_ptr<Connection> connection = std::move(free_.back());
      free_.pop_back();
      const bool is_alive = connection->IsAlive();
      if (!is_alive) --count_;
      Tell();
      if (is_alive) return Lease(*this, std::move(connection));
      continue;
    }
    const SteadyTime now = SystemClock().Now();
    if (MayOpen(now)) {
      Result<Lease> opened = Open(lock, deadline);
      // Where the server only takes no more sessions, one that is lent may come back.
      if (opened.has_value() || !failure_.has_value() || deadline.HasPassed()) return opened;
      continue;
    }
    if (!failure_.has_value()) {
      returned_.wait_until(lock, until);
      continue;
    }
    if (count_ == opening_count_ || now >= begin + kPatience) return *failure_;
    const bool awaits_pause = !is_probing_ && count_ < count_max_;
    const SteadyTime next = awaits_pause ? retry_at_ : until;
    returned_.wait_until(lock, std::min({until, next, begin + kPatience}));
  }
}

bool ConnectionPool::MayOpen(SteadyTime now) const {
  if (count_ == count_max_) return false;
  return !failure_.has_value() || (!is_probing_ && now >= retry_at_);
}

// Without the lock while it opens.
Result<ConnectionPool::Lease> ConnectionPool::Open(std::unique_lock<std::mutex>& lock,
                                                   Deadline deadline) {
  const bool is_probe = failure_.has_value();
  is_probing_ = is_probing_ || is_probe;
  ++count_;
  ++opening_count_;
  lock.unlock();
  // Whoever has no time says nothing about the server.
  const bool is_fair = deadline.Remaining() >= kFairTime;
  Result<std::unique_ptr<Connection>> opened = open_(deadline);
  lock.lock();
  --opening_count_;
  if (is_probe) is_probing_ = false;
  returned_.notify_all();
  if (opened.has_value()) {
    failure_.reset();
    Tell();
    return Lease(*this, *std::move(opened));
  }
  --count_;
  if (is_fair || !deadline.HasPassed()) {
    failure_ = opened.error();
    retry_at_ = SystemClock().Now() + kRetryPause;
  }
  return std::move(opened).error();
}

// REQUIRES: the lock is held.
void ConnectionPool::Tell() const {
  const int open_count = count_ - opening_count_;
  meter_.Hold(static_cast<std::size_t>(open_count),
              static_cast<std::size_t>(open_count) - free_.size());
}

int ConnectionPool::count() const {
  const std::lock_guard lock(mutex_);
  return count_;
}

void ConnectionPool::Return(std::unique_ptr<Connection> connection) {
  std::vector<std::unique_ptr<Connection>> doubtful;  // Closed after the lock.
  bool concerns_all = false;
  {
    const std::lock_guard lock(mutex_);
    if (connection->is_usable()) {
      free_.push_back(std::move(connection));
    } else if (connection->was_silent()) {
      // The server hangs: the other sessions would each cost somebody his time. One finds out.
      count_ -= 1 + static_cast<int>(free_.size());
      doubtful.swap(free_);
      failure_ = Unavailable("the database does not answer");
      retry_at_ = SystemClock().Now();
      concerns_all = true;
    } else {
      --count_;
      // Whoever waits for a session that comes back must hear that there is none.
      concerns_all = failure_.has_value();
    }
    Tell();
  }
  concerns_all ? returned_.notify_all() : returned_.notify_one();
}

}  // namespace datastorage::postgres
