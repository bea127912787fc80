// The failpoints before and after a commit, by what it does: a batch may hold several steps, of
// several writes. As failpoint.h, only in a build for tests.
#pragma once

#include "engine/failpoint.h"

#ifdef DS_ENGINE_FAILPOINTS

#include "ports/record_store.h"

namespace datastorage::failpoint {

enum class CommitStep : std::uint8_t { kIntent, kRecord, kStrictRecord, kAbort };

inline CommitStep StepOf(const WriteOp& operation) {
  if (std::holds_alternative<BeginIntentOp>(operation)) return CommitStep::kIntent;
  if (std::holds_alternative<AbortIntentOp>(operation)) return CommitStep::kAbort;
  const auto* const create = std::get_if<CreateOp>(&operation);
  const bool is_strict = create != nullptr && create->consumes_intent.has_value();
  return is_strict ? CommitStep::kStrictRecord : CommitStep::kRecord;
}

inline bool Fails(Failpoint failpoint, CommitStep step, std::span<const WriteOp> operations) {
  std::vector<RecordId> ids;
  for (const WriteOp& operation : operations) {
    if (StepOf(operation) == step) ids.push_back(IdIn(operation));
  }
  return Fails(failpoint, ids);
}

inline bool FailsBeforeCommit(std::span<const WriteOp> operations) {
  return Fails(Failpoint::kBeforeIntent, CommitStep::kIntent, operations) ||
         Fails(Failpoint::kBeforeRecord, CommitStep::kRecord, operations) ||
         Fails(Failpoint::kBeforeStrictRecord, CommitStep::kStrictRecord, operations) ||
         Fails(Failpoint::kBeforeAbort, CommitStep::kAbort, operations);
}

inline bool FailsAfterCommit(std::span<const WriteOp> operations) {
  return Fails(Failpoint::kAfterIntent, CommitStep::kIntent, operations) ||
         Fails(Failpoint::kAfterRecord, CommitStep::kRecord, operations) ||
         Fails(Failpoint::kAfterStrictRecord, CommitStep::kStrictRecord, operations) ||
         Fails(Failpoint::kAfterAbort, CommitStep::kAbort, operations);
}

}  // namespace datastorage::failpoint

#define DS_FAILS_BEFORE_COMMIT(operations) ::datastorage::failpoint::FailsBeforeCommit(operations)
#define DS_FAILS_AFTER_COMMIT(operations) ::datastorage::failpoint::FailsAfterCommit(operations)
#else
#define DS_FAILS_BEFORE_COMMIT(operations) false
#define DS_FAILS_AFTER_COMMIT(operations) false
#endif
