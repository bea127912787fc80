#include "sqlite/connection_pool.h"

#include <utility>

namespace datastorage::sqlite {

ConnectionPool::Lease::~Lease() {
  if (connection_ == nullptr) return;
  connection_->Rollback();
  connection_->SetDeadline(Deadline::Never());
  pool_->Return(*connection_);
}

ConnectionPool::Lease::Lease(Lease&& other) noexcept
    : pool_(other.pool_), connection_(std::exchange(other.connection_, nullptr)) {}

void ConnectionPool::Add(std::unique_ptr<Connection> connection) {
  const std::lock_guard lock(mutex_);
  free_.push_back(connection.get());
  owned_.push_back(std::move(connection));
  Tell();
}

Result<ConnectionPool::Lease> ConnectionPool::Acquire(Deadline deadline) {
  std::unique_lock lock(mutex_);
  const auto is_free = [this] { return !free_.empty(); };
  // Remaining() is bounded, so that the sum with now cannot overflow.
  const SteadyTime begin = SystemClock().Now();
  const bool has_one =
      !deadline.HasPassed() && returned_.wait_until(lock, begin + deadline.Remaining(), is_free);
  meter_.Waited(SystemClock().Now() - begin);
  if (!has_one) {
    return DeadlineExceeded("the record store was busy until the deadline passed");
  }
  Connection* connection = free_.back();
  free_.pop_back();
  Tell();
  return Lease(*this, *connection);
}

void ConnectionPool::Return(Connection& connection) {
  {
    const std::lock_guard lock(mutex_);
    free_.push_back(&connection);
    Tell();
  }
  returned_.notify_one();
}

// REQUIRES: the lock is held.
void ConnectionPool::Tell() const {
  meter_.Hold(owned_.size(), owned_.size() - free_.size());
}

}  // namespace datastorage::sqlite
