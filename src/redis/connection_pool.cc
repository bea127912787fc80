#include "redis/connection_pool.h"

#include <utility>

#include "base/log.h"

namespace datastorage::redis {

ConnectionPool::Lease::~Lease() {
  if (connection_ != nullptr) pool_->Return(std::move(connection_));
}

void ConnectionPool::Lease::Fail(const Error& error) {
  connection_.reset();
  pool_->Lose(error);
}

void ConnectionPool::Lease::Drop() {
  connection_.reset();
  pool_->Lose(std::nullopt);
}

ConnectionPool::ConnectionPool(Runtime& runtime, Options options)
    : runtime_(runtime),
      options_(std::move(options)),
      mutex_(runtime),
      returned_(runtime),
      needed_(runtime) {
  task_ = runtime_.Spawn("redis", [this] { Run(); });
}

ConnectionPool::~ConnectionPool() {
  {
    const MutexLock lock(mutex_);
    is_stopping_ = true;
  }
  needed_.NotifyAll();
  task_.reset();
}

Result<ConnectionPool::Lease> ConnectionPool::Acquire(Deadline deadline) {
  const MutexLock lock(mutex_);
  while (idle_.empty()) {
    if (down_.has_value()) return *down_;
    if (open_count_ < options_.connection_count_max) {
      is_one_more_wanted_ = true;
      needed_.NotifyOne();
    }
    if (!returned_.Wait(mutex_, deadline) && idle_.empty() && !down_.has_value()) {
      return DeadlineExceeded("no connection to the cache was free in time");
    }
  }
  std::unique_ptr<Connection> connection = std::move(idle_.back());
  idle_.pop_back();
  return Lease(*this, std::move(connection));
}

void ConnectionPool::Return(std::unique_ptr<Connection> connection) {
  const MutexLock lock(mutex_);
  idle_.push_back(std::move(connection));
  failure_count_ = 0;
  SetUp();
  returned_.NotifyOne();
}

void ConnectionPool::Lose(const std::optional<Error>& error) {
  std::vector<std::unique_ptr<Connection>> suspects;  // Closed after the lock is given back.
  const MutexLock lock(mutex_);
  --open_count_;
  if (error.has_value()) {
    suspects.swap(idle_);
    open_count_ -= suspects.size();
    CountFailure();
    SetDown(*error);
  }
  needed_.NotifyOne();
}

void ConnectionPool::Run() {
  mutex_.Lock();
  while (!is_stopping_) {
    if (!MustConnect()) {
      needed_.Wait(mutex_, Deadline::Never());
      continue;
    }
    if (failure_count_ >= limits::kRedisFailureCountMax && runtime_.Now() < retry_at_) {
      needed_.Wait(mutex_, Deadline::At(retry_at_));
      continue;
    }
    is_one_more_wanted_ = false;
    mutex_.Unlock();
    Result<std::unique_ptr<Connection>> opened =
        Connection::Open(options_.address, Deadline::In(limits::kRedisConnectTimeout, runtime_));
    mutex_.Lock();
    if (opened.has_value()) {
      idle_.push_back(*std::move(opened));
      ++open_count_;
      SetUp();
      returned_.NotifyOne();
    } else {
      CountFailure();
      // With others open the server may only have no room for one more.
      if (open_count_ == 0) SetDown(opened.error());
    }
  }
  mutex_.Unlock();
}

bool ConnectionPool::MustConnect() const {
  if (open_count_ == 0 || down_.has_value()) return open_count_ < options_.connection_count_max;
  return is_one_more_wanted_ && open_count_ < options_.connection_count_max;
}

void ConnectionPool::CountFailure() {
  ++failure_count_;
  retry_at_ = runtime_.Now() + limits::kRedisRetryPause;
}

void ConnectionPool::SetDown(const Error& error) {
  if (!down_.has_value()) {
    Log(LogLevel::kWarning,
        "the shared cache is lost; embeddings are computed anew",
        {{"cache", DescriptionOf(options_.address)}, {"reason", error.message}});
  }
  down_ = error;
  returned_.NotifyAll();
}

void ConnectionPool::SetUp() {
  if (!down_.has_value()) return;
  Log(LogLevel::kInfo,
      "the shared cache answers again",
      {{"cache", DescriptionOf(options_.address)}});
  down_.reset();
}

}  // namespace datastorage::redis
