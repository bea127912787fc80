// Committer: the write path of the record store, RecordStore::Commit and SettleAttempts.
//
// Threads:   safe to call concurrently.
// Ownership: keeps references to the pool, whose sessions have AllStatements prepared, and to the
//            clock; both must outlive it.
#pragma once

#include <vector>

#include "ports/record_store.h"
#include "postgres/connection_pool.h"
#include "postgres/vector_statements.h"

namespace datastorage::postgres {

class Committer {
 public:
  // `vector_mode` is for a live set of pgvector, if there is one.
  Committer(ConnectionPool& pool,
            const Clock& clock,
            VectorWriteMode vector_mode = VectorWriteMode::kDeferred)
      : pool_(pool), clock_(clock), vector_mode_(vector_mode) {}

  // As RecordStore::Commit. A transaction that was undone for another's sake is repeated, and one
  // whose session was lost before its COMMIT, in another session.
  Result<std::vector<WriteOutcome>> Commit(std::span<const WriteOp> operations,
                                           CommitMode mode,
                                           Deadline deadline);

  // As RecordStore::SettleAttempts. Waits for the transactions that are under way when it is
  // called, and for no later one; nobody waits for it.
  Result<std::vector<AttemptOutcome>> SettleAttempts(std::span<const AttemptRef> attempts,
                                                     Deadline deadline);

 private:
  Result<std::vector<WriteOutcome>> CommitIn(Connection& connection,
                                             std::span<const WriteOp> operations,
                                             CommitMode mode,
                                             Deadline deadline);
  struct Attempt {
    CommitMode mode;
    int number = 1;
  };
  Result<std::vector<WriteOutcome>> Try(Connection& connection,
                                        std::span<const WriteOp> operations,
                                        const Attempt& attempt,
                                        Deadline deadline);

  ConnectionPool& pool_;
  const Clock& clock_;
  const VectorWriteMode vector_mode_;
};

}  // namespace datastorage::postgres
