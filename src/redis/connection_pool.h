// ConnectionPool: a bounded number of connections to one server, which only a task of its own
// opens: no caller ever waits for a server that is down. It is a breaker too: a failed call closes
// what is idle, and callers are refused at once until the task has a connection that answered a
// PING. After some failures in a row the task pauses between its attempts.
//
// Threads:     safe to call concurrently. Waiting callers are served in no particular order.
// Ownership:   all leases must have ended before the pool does. Its end waits for an attempt to
//              connect, and so for the system's look-up of a host's name.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "base/limits.h"
#include "base/runtime.h"
#include "redis/connection.h"

namespace datastorage::redis {

class ConnectionPool {
 public:
  struct Options {
    Address address;
    std::size_t connection_count_max = limits::kRedisConnectionCountMax;
  };

  // A connection for one caller. Gives it back at its end.
  class [[nodiscard]] Lease {
   public:
    Lease(ConnectionPool& pool, std::unique_ptr<Connection> connection)
        : pool_(&pool), connection_(std::move(connection)) {}
    ~Lease();
    Lease(Lease&& other) noexcept = default;
    Lease& operator=(Lease&&) = delete;
    Connection* operator->() const { return connection_.get(); }
    // The connection's last exchange ended so: it is closed, and the server is held to be down.
    void Fail(const Error& error);
    // As Fail, but the server did answer: it was asked for more than the time allowed.
    void Drop();

   private:
    ConnectionPool* pool_;
    std::unique_ptr<Connection> connection_;
  };

  // Begins to connect. A server that is down is no error.
  ConnectionPool(Runtime& runtime, Options options);
  ~ConnectionPool();
  ConnectionPool(const ConnectionPool&) = delete;
  ConnectionPool& operator=(const ConnectionPool&) = delete;

  // Errors: at once why the server is held to be down; kDeadlineExceeded when no connection was
  // free or made in time.
  Result<Lease> Acquire(Deadline deadline);

 private:
  void Return(std::unique_ptr<Connection> connection);
  void Lose(const std::optional<Error>& error);
  void Run();
  // These expect mutex_ to be held.
  bool MustConnect() const;
  void CountFailure();
  void SetDown(const Error& error);
  void SetUp();

  Runtime& runtime_;
  const Options options_;
  Mutex mutex_;
  WaitQueue returned_;  // A connection became idle, or the server is down.
  WaitQueue needed_;    // The task has something to do.
  std::vector<std::unique_ptr<Connection>> idle_;
  std::size_t open_count_ = 0;  // Idle and lent.
  bool is_one_more_wanted_ = false;
  std::optional<Error> down_;  // Why the server is held to be down, if it is.
  int failure_count_ = 0;      // In a row, of calls and attempts; calls alone end the row.
  SteadyTime retry_at_{};
  bool is_stopping_ = false;
  std::unique_ptr<Task> task_;  // Last: joined before the rest goes.
};

}  // namespace datastorage::redis
