#include "postgres/connection_pool.h"

#include <utility>

#include "base/check.h"
#include "base/limits.h"

namespace datastorage::postgres {

ConnectionPool::Lease::~Lease() {
  if (connection_ == nullptr) return;
  connection_->Rollback();
  pool_->Return(std::move(connection_));
}

ConnectionPool::ConnectionPool(int count_max, Opener open)
    : count_max_(count_max), open_(std::move(open)) {
  DS_CHECK(count_max > 0 && count_max <= limits::kDatabaseSessionCountMax);
}

Result<ConnectionPool::Lease> ConnectionPool::Acquire(Deadline deadline) {
  std::unique_lock lock(mutex_);
  // Remaining() is bounded, so that the sum with now cannot overflow.
  const SteadyTime until = SystemClock().Now() + deadline.Remaining();
  while (true) {
    const auto has_one = [this] { return !free_.empty() || count_ < count_max_; };
    if (deadline.HasPassed() || !returned_.wait_until(lock, until, has_one)) {
      return DeadlineExceeded("the record store was busy until the deadline passed");
    }
    if (free_.empty()) break;
    std::unique_ptr<Connection> connection = std::move(free_.back());
    free_.pop_back();
    if (connection->IsAlive()) return Lease(*this, std::move(connection));
    --count_;
  }
  ++count_;
  lock.unlock();
  Result<std::unique_ptr<Connection>> opened = open_(deadline);
  if (opened.has_value()) return Lease(*this, *std::move(opened));
  Forget();
  return std::move(opened).error();
}

int ConnectionPool::count() const {
  const std::lock_guard lock(mutex_);
  return count_;
}

void ConnectionPool::Return(std::unique_ptr<Connection> connection) {
  if (!connection->is_usable()) return Forget();
  {
    const std::lock_guard lock(mutex_);
    free_.push_back(std::move(connection));
  }
  returned_.notify_one();
}

void ConnectionPool::Forget() {
  {
    const std::lock_guard lock(mutex_);
    --count_;
  }
  returned_.notify_one();
}

}  // namespace datastorage::postgres
