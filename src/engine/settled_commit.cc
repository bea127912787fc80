#include "engine/settled_commit.h"

#include "engine/commit_failpoints.h"
#include "engine/mutant.h"

namespace datastorage {
namespace {

constexpr Duration kSettlePause = std::chrono::milliseconds(50);

// What names the operation's transaction, where it has a name.
std::optional<AttemptRef> AttemptOf(const WriteOp& operation) {
  return std::visit(
      [](const auto& op) -> std::optional<AttemptRef> {
        if constexpr (requires { op.attempt; }) {
          return AttemptRef{op.id, op.attempt};
        } else {
          return std::nullopt;
        }
      },
      operation);
}

WriteStatus StatusOfCommitted(const WriteOp& operation) {
  if (std::holds_alternative<UpdateOp>(operation)) return WriteStatus::kUpdated;
  if (std::holds_alternative<EraseOp>(operation)) return WriteStatus::kErasedNow;
  return WriteStatus::kCreated;
}

Result<std::vector<WriteOutcome>> CommitOnce(RecordStore& store,
                                             std::span<const WriteOp> operations,
                                             CommitMode mode,
                                             Deadline deadline) {
  if (DS_FAILS_BEFORE_COMMIT(operations)) return Unavailable("failpoint");
  Result<std::vector<WriteOutcome>> outcomes = store.Commit(operations, mode, deadline);
  if (DS_FAILS_AFTER_COMMIT(operations)) return OutcomeUnknown("failpoint");
  return outcomes;
}

// Asks until the store can tell. Errors: kOutcomeUnknown.
Result<std::vector<AttemptOutcome>> AwaitSettled(Runtime& runtime,
                                                 RecordStore& store,
                                                 std::span<const AttemptRef> attempts,
                                                 Deadline deadline) {
  for (;;) {
    Result<std::vector<AttemptOutcome>> settled = store.SettleAttempts(attempts, deadline);
    if (settled.has_value()) return settled;
    if (deadline.HasPassed(runtime)) return OutcomeUnknown("the store did not answer a commit");
    runtime.Sleep(kSettlePause);
  }
}

}  // namespace

std::vector<Result<WriteOutcome>> CommitSettled(Runtime& runtime,
                                                RecordStore& store,
                                                std::span<const WriteOp> operations,
                                                CommitMode mode,
                                                Deadline deadline) {
  Result<std::vector<WriteOutcome>> outcomes = CommitOnce(store, operations, mode, deadline);
  if (outcomes.has_value()) return {outcomes->begin(), outcomes->end()};
  std::vector<Result<WriteOutcome>> results(operations.size(),
                                            Result<WriteOutcome>(outcomes.error()));
  if (DS_MUTANT(kLostIsFailed)) {
    results.assign(operations.size(), Result<WriteOutcome>(Unavailable("no answer")));
  }
  if (results.front().error().code != ErrorCode::kOutcomeUnknown) return results;

  std::vector<AttemptRef> attempts;
  std::vector<std::size_t> owners;
  for (std::size_t i = 0; i < operations.size(); ++i) {
    const std::optional<AttemptRef> attempt = AttemptOf(operations[i]);
    if (!attempt.has_value()) continue;
    attempts.push_back(*attempt);
    owners.push_back(i);
  }
  const Result<std::vector<AttemptOutcome>> settled =
      AwaitSettled(runtime, store, attempts, deadline);
  if (!settled.has_value()) return results;

  std::vector<bool> is_found(operations.size(), false);
  for (std::size_t i = 0; i < owners.size(); ++i) {
    const AttemptOutcome& attempt = (*settled)[i];
    if (!attempt.is_committed) continue;
    is_found[owners[i]] = true;
    results[owners[i]] = WriteOutcome{.status = StatusOfCommitted(operations[owners[i]]),
                                      .id = attempts[i].id,
                                      .version = attempt.version,
                                      .stamp = attempt.stamp,
                                      .has_pending = true,
                                      .is_recovered = true};
  }
  std::vector<WriteOp> rest;
  std::vector<std::size_t> places;
  for (std::size_t i = 0; i < operations.size(); ++i) {
    if (is_found[i]) continue;
    rest.push_back(operations[i]);
    places.push_back(i);
  }
  if (rest.empty()) return results;
  std::vector<Result<WriteOutcome>> again = CommitSettled(runtime, store, rest, mode, deadline);
  for (std::size_t i = 0; i < places.size(); ++i) results[places[i]] = std::move(again[i]);
  return results;
}

}  // namespace datastorage
