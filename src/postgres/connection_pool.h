// ConnectionPool: at most so many sessions with the server, opened when first needed, each lent to
// one caller at a time. A session that died while nobody used it is replaced unseen. While the
// server cannot be reached, one caller at a time tries, and the others are told at once.
//
// Threads: safe to call concurrently. Waiting callers are served in no particular order.
#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "base/clock.h"
#include "base/pool_meter.h"
#include "base/result.h"
#include "postgres/connection.h"

namespace datastorage::postgres {

class ConnectionPool {
 public:
  // Gives the session back at its end, without an open transaction.
  class [[nodiscard]] Lease {
   public:
    Lease(ConnectionPool& pool, std::unique_ptr<Connection> connection)
        : pool_(&pool), connection_(std::move(connection)) {}
    ~Lease();
    Lease(Lease&& other) noexcept = default;
    Lease& operator=(Lease&&) = delete;
    Connection* operator->() const { return connection_.get(); }
    Connection& operator*() const { return *connection_; }

   private:
    ConnectionPool* pool_;
    std::unique_ptr<Connection> connection_;
  };

  // Makes a session ready for use, such as Connection::Open and Prepare.
  using Opener = std::function<Result<std::unique_ptr<Connection>>(Deadline)>;

  // REQUIRES: 0 < count_max <= limits::kDatabaseSessionCountMax.
  ConnectionPool(int count_max, Opener open, PoolMeter meter = {});

  // Once the opener failed, one caller opens again each kRetryPause, and the others have its error
  // at once, or after kPatience where a lent session may still come back.
  // Errors: kDeadlineExceeded when none was free in time; those of the opener.
  Result<Lease> Acquire(Deadline deadline);

  static constexpr Duration kRetryPause = std::chrono::milliseconds(250);
  static constexpr Duration kPatience = std::chrono::seconds(1);

  // Sessions that are open, lent ones too.
  int count() const;

 private:
  Result<Lease> TakeOrOpen(SteadyTime begin, Deadline deadline);
  bool MayOpen(SteadyTime now) const;
  Result<Lease> Open(std::unique_lock<std::mutex>& lock, Deadline deadline);
  void Return(std::unique_ptr<Connection> connection);
  void Tell() const;

  const int count_max_;
  const Opener open_;
  const PoolMeter meter_;
  mutable std::mutex mutex_;
  std::condition_variable returned_;
  std::vector<std::unique_ptr<Connection>> free_;  // The one that was used last comes last.
  int count_ = 0;
  int opening_count_ = 0;
  std::optional<Error> failure_;  // Of the last opener, if that failed.
  SteadyTime retry_at_{};
  bool is_probing_ = false;
};

}  // namespace datastorage::postgres
