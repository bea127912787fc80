#include "postgres/connection.h"

#include <libpq-fe.h>
#include <poll.h>

#include <algorithm>
#include <array>

#include "base/check.h"

namespace datastorage::postgres {
namespace {

constexpr int kBinary = 1;
// How long the server has to say that it ended a statement at its deadline.
constexpr std::chrono::milliseconds kGrace{200};
// A transaction's statement_timeout may be off by so much before it is told a new one.
constexpr std::chrono::milliseconds kTimeoutSlack = kGrace / 2;
constexpr std::chrono::seconds kRollbackTimeout{1};
// A server that says nothing for so long is not merely slow.
constexpr std::chrono::seconds kFairTime{1};
constexpr std::string_view kSetDeadline = "set_deadline";

struct ResultClearer {
  void operator()(PGresult* result) const { PQclear(result); }
};
using ResultPointer = std::unique_ptr<PGresult, ResultClearer>;

std::string FieldOf(const PGresult* result, int field) {
  const char* const text = PQresultErrorField(result, field);
  return text != nullptr ? text : "";
}

ServerFailure FailureOf(const PGresult* result) {
  ServerFailure failure{.sqlstate = FieldOf(result, PG_DIAG_SQLSTATE),
                        .text = FieldOf(result, PG_DIAG_MESSAGE_PRIMARY),
                        .constraint = FieldOf(result, PG_DIAG_CONSTRAINT_NAME)};
  const std::string severity = FieldOf(result, PG_DIAG_SEVERITY_NONLOCALIZED);
  failure.ends_session = severity == "FATAL" || severity == "PANIC";
  return failure;
}

bool IsFailure(const PGresult* result) {
  const ExecStatusType status = PQresultStatus(result);
  return status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK && status != PGRES_EMPTY_QUERY;
}

// For the server's statement_timeout: never 0, which would mean none.
std::chrono::milliseconds TimeoutOf(std::chrono::milliseconds most, Deadline deadline) {
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline.Remaining());
  return std::clamp(left, std::chrono::milliseconds(1), most);
}

Call TimeoutCall(std::chrono::milliseconds timeout) {
  Call call{.name = kSetDeadline};
  call.parameters.Add(std::to_string(timeout.count()));
  return call;
}

}  // namespace

void Connection::Closer::operator()(pg_conn* session) const {
  PQfinish(session);
}

Connection::~Connection() = default;

bool Connection::IsInTransaction() const {
  return is_usable_ && PQtransactionStatus(session_.get()) != PQTRANS_IDLE;
}

bool Connection::IsAlive() {
  if (!is_usable_) return false;
  // Nothing is asked, so what comes is the server's goodbye, or news of its settings.
  const auto is_readable = [this] {
    pollfd socket{.fd = PQsocket(session_.get()), .events = POLLIN, .revents = 0};
    return poll(&socket, 1, 0) != 0;
  };
  while (is_usable_ && is_readable()) {
    const bool is_read = PQconsumeInput(session_.get()) == 1;
    (void)PQisBusy(session_.get());  // Reads what has come, to TakeNotice.
    if (!is_read || was_ended_ || PQstatus(session_.get()) != CONNECTION_OK) Lose();
  }
  return is_usable_;
}

int Connection::server_version() const {
  return PQserverVersion(session_.get());
}

std::string Connection::Quoted(std::string_view name) const {
  char* const quoted = PQescapeIdentifier(session_.get(), name.data(), name.size());
  DS_CHECK(quoted != nullptr);
  std::string copy(quoted);
  PQfreemem(quoted);
  return copy;
}

void Connection::Lose() {
  is_usable_ = false;
  session_.reset();
}

Connection::Wait Connection::Poll(bool wants_write, Deadline deadline) {
  pollfd socket{.fd = PQsocket(session_.get()),
                .events = static_cast<short>(wants_write ? POLLIN | POLLOUT : POLLIN),
                .revents = 0};
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline.Remaining());
  constexpr std::chrono::milliseconds kSlice{60'000};
  const int ready = poll(&socket, 1, static_cast<int>(std::min(left, kSlice).count()));
  if (ready == 0) return deadline.HasPassed() ? Wait::kTimedOut : Wait::kReady;
  if (ready > 0 && (socket.revents & (POLLIN | POLLERR | POLLHUP)) != 0 &&
      PQconsumeInput(session_.get()) == 0) {
    return Wait::kLost;
  }
  return Wait::kReady;
}

Connection::Wait Connection::AwaitResult(Deadline deadline) {
  while (PQisBusy(session_.get()) != 0) {
    const int unsent = PQflush(session_.get());
    const Wait wait = Poll(unsent == 1, deadline);
    if (wait != Wait::kReady) return wait;
  }
  return Wait::kReady;
}

bool Connection::Send(const Call& call) {
  const Parameters& parameters = call.parameters;
  std::vector<const char*> values;
  std::vector<int> lengths;
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    values.push_back(parameters.Pointer(i));
    lengths.push_back(parameters.Length(i));
  }
  const std::vector<int> formats(parameters.size(), kBinary);
  const int count = static_cast<int>(parameters.size());
  if (!call.sql.empty()) {
    return PQsendQueryParams(session_.get(),
                             call.sql.c_str(),
                             count,
                             nullptr,
                             values.data(),
                             lengths.data(),
                             formats.data(),
                             kBinary) == 1;
  }
  return PQsendQueryPrepared(session_.get(),
                             std::string(call.name).c_str(),
                             count,
                             values.data(),
                             lengths.data(),
                             formats.data(),
                             kBinary) == 1;
}

// False: it is the first failure.
bool Connection::Accept(pg_result* result, std::vector<Rows>& rows) {
  if (!IsFailure(result)) {
    rows.emplace_back(result);
    return true;
  }
  failure_ = FailureOf(result);
  PQclear(result);
  return false;
}

// What is left of a pipeline after a failure, up to the point from which the session goes on.
Connection::Wait Connection::AwaitSync(Deadline deadline) {
  while (true) {
    const Wait wait = AwaitResult(deadline);
    if (wait != Wait::kReady) return wait;
    const ResultPointer result(PQgetResult(session_.get()));
    if (result == nullptr && PQstatus(session_.get()) != CONNECTION_OK) return Wait::kLost;
    if (result != nullptr && PQresultStatus(result.get()) == PGRES_PIPELINE_SYNC) {
      return Wait::kReady;
    }
  }
}

bool Connection::Collect(std::size_t count, Deadline deadline, std::vector<Rows>& rows) {
  const Deadline patience = Deadline::At(
      deadline.time() == SteadyTime::max() ? deadline.time() : deadline.time() + kGrace);
  bool has_failed = false;
  Wait wait = Wait::kReady;
  while (rows.size() < count && !has_failed) {
    wait = AwaitResult(patience);
    if (wait != Wait::kReady) break;
    PGresult* const result = PQgetResult(session_.get());
    // Nothing stands between the results of two calls.
    if (result != nullptr) {
      has_failed = !Accept(result, rows);
    } else if (PQstatus(session_.get()) != CONNECTION_OK) {
      wait = Wait::kLost;
      break;
    }
  }
  if (wait == Wait::kReady && !(has_failed && EndsSession(failure_))) wait = AwaitSync(patience);
  has_timed_out_ = wait == Wait::kTimedOut;
  if (wait != Wait::kReady || (has_failed && EndsSession(failure_))) {
    if (!has_failed && rows.size() < count) {
      failure_ = {.sqlstate = "", .text = PQerrorMessage(session_.get()), .ends_session = true};
    }
    Lose();
  } else {
    DS_CHECK(PQexitPipelineMode(session_.get()) == 1);
  }
  return rows.size() == count;
}

// Says what the failure of a pipeline means for what it was to change.
Error Connection::Explain(std::string_view doing,
                          bool commits,
                          std::size_t failed_at,
                          std::size_t count) {
  const bool nobody_said_why = failure_.sqlstate.empty();
  const bool was_at_commit = failed_at + 1 == count && failure_.ends_session;
  if (commits && (nobody_said_why || was_at_commit)) {
    if (!has_timed_out_) (void)TranslateFailure(failure_, doing);
    return OutcomeUnknown(std::string(doing) + ": the answer to the commit was lost");
  }
  if (has_timed_out_ && nobody_said_why) {
    return DeadlineExceeded(std::string(doing) + ": the deadline passed");
  }
  return TranslateFailure(failure_, doing);
}

Result<std::vector<Rows>> Connection::Run(std::string_view doing,
                                          std::vector<Call> calls,
                                          Deadline deadline) {
  failure_ = {};
  if (!is_usable_) return Unavailable(std::string(doing) + ": the connection was lost");
  if (deadline.HasPassed()) {
    return DeadlineExceeded(std::string(doing) + ": the deadline passed");
  }
  DS_CHECK(!calls.empty());
  const bool begins = calls.front().name == kBegin || calls.front().name == kBeginReading;
  const bool commits = calls.back().name == kCommit;
  const auto timeout = TimeoutOf(options_.statement_timeout, deadline);
  const bool has_timeout = !begins && timeout_.count() > 0 && IsInTransaction() &&
                           std::chrono::abs(timeout - timeout_) <= kTimeoutSlack;
  const std::ptrdiff_t timeout_at = begins ? 1 : 0;
  if (!has_timeout) {
    calls.insert(calls.begin() + timeout_at, TimeoutCall(timeout));
    timeout_ = timeout;
  }
  was_warned_ = has_timed_out_ = false;
  const bool is_fair = deadline.Remaining() >= kFairTime;
  bool is_sent = PQenterPipelineMode(session_.get()) == 1;
  for (std::size_t i = 0; is_sent && i < calls.size(); ++i) is_sent = Send(calls[i]);
  // Only this lets the server see the end of what was sent.
  if (!is_sent || PQpipelineSync(session_.get()) != 1) {
    failure_ = {.sqlstate = "", .text = PQerrorMessage(session_.get()), .ends_session = true};
    Lose();
    return Explain(doing, commits && is_sent, 0, calls.size());
  }
  std::vector<Rows> rows;
  rows.reserve(calls.size());
  if (!Collect(calls.size(), deadline, rows)) {
    was_silent_ = has_timed_out_ && is_fair;
    failure_.statement = calls[rows.size()].name;
    return Explain(doing, commits, rows.size(), calls.size());
  }
  if (commits) {
    timeout_ = {};
    // A failed transaction answers ROLLBACK, and no error.
    if (rows.back().tag() != "COMMIT") {
      return Internal(std::string(doing) + ": the transaction was undone");
    }
    // Such as: nobody waits for the standby any more.
    if (was_warned_) return OutcomeUnknown(std::string(doing) + ": the commit is not confirmed");
  }
  if (!has_timeout) rows.erase(rows.begin() + timeout_at);
  return rows;
}

Result<Rows> Connection::RunOne(std::string_view doing, Call call, Deadline deadline) {
  std::vector<Call> calls;
  calls.push_back(std::move(call));
  DS_ASSIGN_OR_RETURN(std::vector<Rows> rows, Run(doing, std::move(calls), deadline));
  return std::move(rows.front());
}

Result<void> Connection::Prepare(std::span<const NamedStatement> statements, Deadline deadline) {
  failure_ = {};
  bool is_sent = PQenterPipelineMode(session_.get()) == 1;
  for (const NamedStatement& statement : statements) {
    is_sent = is_sent && PQsendPrepare(session_.get(),
                                       std::string(statement.name).c_str(),
                                       statement.sql.c_str(),
                                       0,
                                       nullptr) == 1;
  }
  std::vector<Rows> rows;
  if (is_sent && PQpipelineSync(session_.get()) == 1 &&
      Collect(statements.size(), deadline, rows)) {
    return {};
  }
  const std::size_t failed_at = std::min(rows.size(), statements.size() - 1);
  return Explain("prepare " + std::string(statements[failed_at].name), false, 0, 0);
}

Result<void> Connection::RunScript(std::string_view doing,
                                   const std::string& sql,
                                   Deadline deadline) {
  failure_ = {};
  has_timed_out_ = false;
  timeout_ = {};  // It may begin or end a transaction.
  if (!is_usable_) return Unavailable(std::string(doing) + ": the connection was lost");
  bool has_failed = PQsendQuery(session_.get(), sql.c_str()) != 1;
  Wait wait = has_failed ? Wait::kLost : Wait::kReady;
  while (wait == Wait::kReady) {
    wait = AwaitResult(deadline);
    if (wait != Wait::kReady) break;
    const ResultPointer result(PQgetResult(session_.get()));
    if (result == nullptr) break;
    if (has_failed || !IsFailure(result.get())) continue;
    has_failed = true;
    failure_ = FailureOf(result.get());
  }
  has_timed_out_ = wait == Wait::kTimedOut;
  const bool is_lost = wait != Wait::kReady || PQstatus(session_.get()) != CONNECTION_OK;
  if (is_lost) Lose();
  if (!is_lost && !has_failed) return {};
  return Explain(doing, false, 0, 0);
}

void Connection::Rollback() {
  if (!IsInTransaction()) return;
  if (PQpipelineStatus(session_.get()) != PQ_PIPELINE_OFF) return Lose();
  const Deadline deadline = Deadline::In(kRollbackTimeout);
  if (!RunScript("undo a transaction", "ROLLBACK", deadline).has_value()) is_usable_ = false;
}

}  // namespace datastorage::postgres
