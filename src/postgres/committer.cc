#include "postgres/committer.h"

#include <poll.h>

#include <algorithm>
#include <map>

#include "base/check.h"
#include "base/limits.h"
#include "postgres/commit_wave.h"
#include "postgres/queries.h"

namespace datastorage::postgres {
namespace {

constexpr int kSettlePollMilliseconds = 10;

// Undone by a neighbour: those that would have succeeded say so, the others keep their reason.
void MarkNotAttempted(std::vector<WriteOutcome>& outcomes) {
  for (WriteOutcome& outcome : outcomes) {
    if (Succeeded(outcome.status)) {
      outcome = {.status = WriteStatus::kNotAttempted, .id = outcome.id};
    }
  }
}

// Whether another transaction holds what some of the operations need. Every commit needs the lock
// of the sets, so that says nothing about them.
bool IsBlocked(const ServerFailure& failure) {
  return IsLockTimeout(failure.sqlstate) && failure.statement != NameOf(Query::kLockSets);
}

WaveBegin BeginningOf(CommitMode mode) {
  return mode == CommitMode::kEachUnlessBlocked ? WaveBegin::kBeginsInHurry : WaveBegin::kBegins;
}

bool AllSucceeded(const std::vector<WriteOutcome>& outcomes) {
  return std::all_of(outcomes.begin(), outcomes.end(), [](const WriteOutcome& outcome) {
    return Succeeded(outcome.status);
  });
}

// The transactions of commits that are under way, by the session and its count of transactions.
Result<std::vector<std::string>> RunningCommits(Connection& connection, Deadline deadline) {
  DS_ASSIGN_OR_RETURN(
      const Rows rows,
      connection.RunOne("settle", {.name = NameOf(Query::kRunningCommits)}, deadline));
  std::vector<std::string> running;
  running.reserve(static_cast<std::size_t>(rows.count()));
  for (int row = 0; row < rows.count(); ++row) running.emplace_back(rows.Text(row, 0));
  return running;
}

}  // namespace

Result<std::vector<WriteOutcome>> Committer::Commit(std::span<const WriteOp> operations,
                                                    CommitMode mode,
                                                    Deadline deadline) {
  DS_CHECK(operations.size() <= limits::kBatchItemCountMax);
  if (operations.empty()) return std::vector<WriteOutcome>();
  bool was_lost = false;
  for (;;) {
    DS_ASSIGN_OR_RETURN(const ConnectionPool::Lease lease, pool_.Acquire(deadline));
    Result<std::vector<WriteOutcome>> outcomes = CommitIn(*lease, operations, mode, deadline);
    // Lost before COMMIT was sent: nothing was changed, and the server may be well. Once.
    const bool is_lost = !outcomes.has_value() && !lease->is_usable() &&
                         outcomes.error().code == ErrorCode::kUnavailable;
    if (!is_lost || was_lost) return outcomes;
    was_lost = true;
  }
}

Result<std::vector<WriteOutcome>> Committer::CommitIn(Connection& connection,
                                                      std::span<const WriteOp> operations,
                                                      CommitMode mode,
                                                      Deadline deadline) {
  for (int attempt = 1;; ++attempt) {
    Result<std::vector<WriteOutcome>> outcomes =
        Try(connection, operations, {mode, attempt}, deadline);
    if (outcomes.has_value()) return outcomes;
    const ErrorCode code = outcomes.error().code;
    const ServerFailure& failure = connection.last_failure();
    if (mode == CommitMode::kEachUnlessBlocked && IsBlocked(failure)) {
      return Conflict("commit: another transaction holds what is to be written");
    }
    const bool is_worth_it = code == ErrorCode::kConflict || IsWorthRepeating(failure.sqlstate);
    if (code == ErrorCode::kOutcomeUnknown || !is_worth_it) return outcomes;
    if (attempt == limits::kCommitRetryCountMax) {
      return Unavailable("commit: other transactions were always first");
    }
    connection.Rollback();
  }
}

Result<std::vector<WriteOutcome>> Committer::Try(Connection& connection,
                                                 std::span<const WriteOp> operations,
                                                 const Attempt& attempt,
                                                 Deadline deadline) {
  const CommitMode mode = attempt.mode;
  std::vector<WriteOutcome> outcomes;
  const WallTime now = clock_.WallNow();
  const std::vector<std::span<const WriteOp>> waves = SplitIntoWaves(operations);
  for (std::size_t i = 0; i < waves.size(); ++i) {
    const WaveStart start{i == 0 ? BeginningOf(mode) : WaveBegin::kGoesOn, attempt.number == 1};
    DS_ASSIGN_OR_RETURN(WaveState state, ReadWave(connection, waves[i], start, deadline));
    WaveChanges changes;
    const std::vector<WriteOutcome> decided = DecideWave(waves[i], now, state, changes);
    outcomes.insert(outcomes.end(), decided.begin(), decided.end());
    if (WritesPoints(changes)) {
      DS_RETURN_IF_ERROR(connection.PrepareOnce(PointStatements(), deadline));
    }
    std::vector<Call> calls = WriteCalls(changes, state, vector_mode_);
    if (i + 1 == waves.size()) {
      if (mode == CommitMode::kAllOrNothing && !AllSucceeded(outcomes)) {
        MarkNotAttempted(outcomes);
        connection.Rollback();
        return outcomes;
      }
      calls.push_back({.name = Connection::kCommit});
    }
    if (calls.empty()) continue;
    DS_RETURN_IF_ERROR(connection.Run("commit", std::move(calls), deadline));
  }
  return outcomes;
}

// A transaction that may still commit one of the attempts holds the lock of commits already: its
// first step was answered before its COMMIT was sent.
Result<std::vector<AttemptOutcome>> Committer::SettleAttempts(std::span<const AttemptRef> attempts,
                                                              Deadline deadline) {
  DS_ASSIGN_OR_RETURN(const ConnectionPool::Lease lease, pool_.Acquire(deadline));
  DS_ASSIGN_OR_RETURN(std::vector<std::string> waited_for, RunningCommits(*lease, deadline));
  while (!waited_for.empty()) {
    poll(nullptr, 0, kSettlePollMilliseconds);
    DS_ASSIGN_OR_RETURN(const std::vector<std::string> running, RunningCommits(*lease, deadline));
    std::erase_if(waited_for, [&](const std::string& transaction) {
      return std::find(running.begin(), running.end(), transaction) == running.end();
    });
  }
  ArrayValue ids(ElementType::kUuid), names(ElementType::kUuid);
  for (const AttemptRef& ref : attempts) {
    ids.Add(ref.id);
    names.Add(ref.attempt);
  }
  Call call{.name = NameOf(Query::kSettleAttempts)};
  call.parameters.Add(ids).Add(names);
  DS_ASSIGN_OR_RETURN(const Rows rows, lease->RunOne("settle", std::move(call), deadline));
  std::vector<AttemptOutcome> outcomes(attempts.size());
  for (int row = 0; row < rows.count(); ++row) {
    const auto index = static_cast<std::size_t>(rows.Integer(row, 0) - 1);
    outcomes[index] = {true, rows.Integer(row, 1), rows.Integer(row, 2)};
  }
  return outcomes;
}

}  // namespace datastorage::postgres
