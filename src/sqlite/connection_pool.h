// ConnectionPool: a fixed number of connections, each lent to one caller at a time.
//
// Threads: safe to call concurrently. Waiting callers are served in no particular order.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <vector>

#include "base/clock.h"
#include "base/pool_meter.h"
#include "base/result.h"
#include "sqlite/connection.h"

namespace datastorage::sqlite {

class ConnectionPool {
 public:
  // Gives the connection back at its end, without an open transaction or deadline.
  class [[nodiscard]] Lease {
   public:
    Lease(ConnectionPool& pool, Connection& connection) : pool_(&pool), connection_(&connection) {}
    ~Lease();
    Lease(Lease&& other) noexcept;
    Lease& operator=(Lease&&) = delete;
    Connection* operator->() const { return connection_; }
    Connection& operator*() const { return *connection_; }

   private:
    ConnectionPool* pool_;
    Connection* connection_;
  };

  explicit ConnectionPool(PoolMeter meter = {}) : meter_(meter) {}

  void Add(std::unique_ptr<Connection> connection);

  // Errors: kDeadlineExceeded when none was free in time.
  Result<Lease> Acquire(Deadline deadline);

 private:
  void Return(Connection& connection);
  void Tell() const;

  const PoolMeter meter_;
  std::mutex mutex_;
  std::condition_variable returned_;
  std::vector<std::unique_ptr<Connection>> owned_;
  std::vector<Connection*> free_;
};

}  // namespace datastorage::sqlite
