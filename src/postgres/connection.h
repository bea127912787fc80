// Connection: one session with the server. Statements go out in pipelines: all of a step in one
// round trip.
//
// Threads:   none; ConnectionPool hands each to one caller at a time.
// Deadlines: the server ends a statement when the deadline passes; when it does not answer even
//            then, the session is given up.
#pragma once

#include <atomic>
#include <chrono>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "postgres/sqlstate.h"
#include "postgres/values.h"

extern "C" {
struct pg_conn;
}

namespace datastorage::postgres {

struct ConnectionOptions {
  // For libpq: "postgresql://…" or "host=… dbname=…", with its TLS options, several hosts and
  // target_session_attrs. Holds the password: it is never logged.
  std::string conninfo{};
  std::chrono::milliseconds connect_timeout{5'000};
  std::chrono::milliseconds statement_timeout{30'000};  // Where no deadline is nearer.
  std::chrono::milliseconds lock_timeout{2'000};
  std::chrono::milliseconds idle_in_transaction_timeout{10'000};
  // Which of several hosts to try first: the one that answered last, for all copies of this.
  std::shared_ptr<std::atomic<std::size_t>> first_host =
      std::make_shared<std::atomic<std::size_t>>(0);
  // The log has said that nobody answers, once for all copies of this, until somebody does.
  std::shared_ptr<std::atomic<bool>> is_away = std::make_shared<std::atomic<bool>>(false);
};

// One statement of a pipeline: a prepared one by name, or `sql` where that is not empty.
struct Call {
  std::string_view name{};
  Parameters parameters{};
  std::string sql{};
};

struct ServerAddress;  // connection_open.cc

struct NamedStatement {
  std::string_view name;
  std::string sql;
};

class Connection {
 public:
  // Errors: kInvalidArgument when libpq cannot read the conninfo; kConflict (says why) for a server
  // older than 15 or with fsync=off; kUnavailable, kDeadlineExceeded; the SQLSTATE table.
  static Result<std::unique_ptr<Connection>> Open(const ConnectionOptions& options,
                                                  Deadline deadline);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // Prepares the statements against the live schema, in one round trip.
  Result<void> Prepare(std::span<const NamedStatement> statements, Deadline deadline);

  // As Prepare, but only the first time that it is asked for a statement of the first one's name.
  Result<void> PrepareOnce(std::span<const NamedStatement> statements, Deadline deadline);

  // Runs the calls in order, in one round trip; the first failure skips the rest. Outside of a
  // transaction they are one of their own. A last call of kCommit makes the end of the transaction
  // part of the trip, with its own errors: kOutcomeUnknown, when the answer to COMMIT was lost;
  // all others mean that nothing was changed.
  Result<std::vector<Rows>> Run(std::string_view doing, std::vector<Call> calls, Deadline deadline);
  Result<Rows> RunOne(std::string_view doing, Call call, Deadline deadline);

  // Any number of statements without parameters or results, in one implicit transaction.
  Result<void> RunScript(std::string_view doing, const std::string& sql, Deadline deadline);

  // Ends an open transaction without keeping it. The session may be lost on the way.
  void Rollback();

  bool is_usable() const { return is_usable_; }
  // Whether the session was given up because the server said nothing in a fair time.
  bool was_silent() const { return was_silent_; }
  bool IsInTransaction() const;
  // Asks the socket, not the server: false when the server has closed the session.
  bool IsAlive();
  // The one that the last Run or Prepare answered with.
  const ServerFailure& last_failure() const { return failure_; }
  int server_version() const;  // 150004 for 15.4.
  // A name as SQL quotes it.
  std::string Quoted(std::string_view name) const;

  // Prepared in every session.
  static constexpr std::string_view kBegin = "begin";
  static constexpr std::string_view kBeginReading = "begin_reading";  // One snapshot.
  static constexpr std::string_view kCommit = "commit";
  // COMMIT that may be lost in a crash of the server: only for what is repeated then.
  static constexpr std::string_view kRelax = "relax";
  // From here on, the transaction waits for a lock for a moment only.
  static constexpr std::string_view kHurry = "hurry";

 private:
  struct Closer {
    void operator()(pg_conn* session) const;
  };
  enum class Wait : std::uint8_t { kReady, kTimedOut, kLost };

  explicit Connection(const ConnectionOptions& options) : options_(options) {}
  Result<void> Connect(Deadline deadline);
  Result<void> ConnectTo(const ServerAddress& address, Deadline deadline);
  Result<void> SetUp(Deadline deadline);
  bool Send(const Call& call);
  Wait Poll(bool wants_write, Deadline deadline);
  Wait AwaitResult(Deadline deadline);
  // Results of a sent pipeline; what failed is in failure_.
  bool Collect(std::size_t count, Deadline deadline, std::vector<Rows>& rows);
  Wait AwaitSync(Deadline deadline);
  bool Accept(pg_result* result, std::vector<Rows>& rows);
  Error Explain(std::string_view doing, bool commits, std::size_t failed_at, std::size_t count);
  void Lose();
  static void TakeNotice(void* connection, const pg_result* notice);

  const ConnectionOptions options_;
  std::unique_ptr<pg_conn, Closer> session_;
  ServerFailure failure_;
  std::chrono::milliseconds timeout_{0};  // That the open transaction was told; 0: none.
  std::set<std::string, std::less<>> prepared_groups_;  // By PrepareOnce: first names.
  bool is_usable_ = false;
  bool has_timed_out_ = false;
  bool was_silent_ = false;
  bool was_warned_ = false;
  bool was_ended_ = false;  // The server said goodbye.
};

}  // namespace datastorage::postgres
