// ConnectionPool: at most so many sessions with the server, opened when first needed, each lent to
// one caller at a time. A session that died while nobody used it is replaced unseen.
//
// Threads: safe to call concurrently. Waiting callers are served in no particular order.
#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "base/clock.h"
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
  ConnectionPool(int count_max, Opener open);

  // Errors: kDeadlineExceeded when none was free in time; those of the opener.
  Result<Lease> Acquire(Deadline deadline);

  // Sessions that are open, lent ones too.
  int count() const;

 private:
  void Return(std::unique_ptr<Connection> connection);
  void Forget();

  const int count_max_;
  const Opener open_;
  mutable std::mutex mutex_;
  std::condition_variable returned_;
  std::vector<std::unique_ptr<Connection>> free_;  // The one that was used last comes last.
  int count_ = 0;
};

}  // namespace datastorage::postgres
