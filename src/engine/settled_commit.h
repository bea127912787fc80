// CommitSettled: a commit whose answer was lost is not reported as failure, but found out.
//
// Threads: safe to call concurrently.
#pragma once

#include <span>
#include <vector>

#include "base/runtime.h"
#include "ports/record_store.h"

namespace datastorage {

// As RecordStore::Commit, one result per operation. Where the store does not know the outcome, the
// attempts are looked up until that tells or the deadline passes: what had committed is answered as
// such, with `is_recovered`, and the rest is committed again. An operation without an attempt is
// repeated; its first run may have had effect.
// Errors: kOutcomeUnknown where the time was too short.
std::vector<Result<WriteOutcome>> CommitSettled(Runtime& runtime,
                                                RecordStore& store,
                                                std::span<const WriteOp> operations,
                                                CommitMode mode,
                                                Deadline deadline);

}  // namespace datastorage
