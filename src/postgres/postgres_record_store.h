// PostgresRecordStore: the record store in a PostgreSQL database, shared by any number of service
// processes. What each method does is in a part of its own.
//
// Threads:     safe to call concurrently.
// Durability:  what Commit answered is on the server's disk (synchronous_commit is never off here).
// Ownership:   keeps references to runtime and clock; both must outlive it.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/runtime.h"
#include "ports/health_probe.h"
#include "ports/record_backup.h"
#include "ports/record_store.h"
#include "postgres/committer.h"
#include "postgres/pending_rows.h"
#include "postgres/record_reader.h"
#include "postgres/record_search.h"
#include "postgres/replica.h"
#include "postgres/sessions.h"
#include "postgres/set_registry.h"
#include "postgres/store_health.h"

namespace datastorage {

class PostgresRecordStore final : public RecordStore, public HealthProbe, public RecordBackup {
 public:
  struct Options {
    postgres::Sessions::Options sessions{};
    // Of the role that owns the schema and migrates it; empty: the sessions' own.
    std::string owner_conninfo{};
    // Vectors are in the same database, by pgvector, and commits write them.
    bool has_pgvector = false;
    postgres::VectorWriteMode vector_write_mode = postgres::VectorWriteMode::kDeferred;
    // Shared: other processes may use the database at the same time, if they all say so.
    postgres::Replica::Use use = postgres::Replica::Use::kShared;
    // Another process holds the database as its own, after ours had to be let go: this one must
    // end. Called once, from a task of the store.
    std::function<void(std::string_view)> on_place_lost{};
    // Wall time of operations that carry none. Must outlive the store.
    const Clock* clock = &SystemClock();
  };

  // Brings the schema up to date and opens the first session. Errors: those of Connection::Open,
  // Migrate and InstallPgvector; kUnavailable when another process is in the way of `use` (says
  // which).
  static Result<std::unique_ptr<PostgresRecordStore>> Open(const Options& options,
                                                           Runtime& runtime,
                                                           Deadline deadline);
  ~PostgresRecordStore() override;

  Result<std::vector<WriteOutcome>> Commit(std::span<const WriteOp> operations,
                                           CommitMode mode,
                                           Deadline deadline) override;
  Result<std::vector<ReadOutcome>> Read(std::span<const RecordRef> refs,
                                        std::string_view space,
                                        Deadline deadline) override;
  Result<std::vector<Record>> History(RecordId id, Deadline deadline) override;
  Result<ListPage> List(const ListQuery& query, Deadline deadline) override;
  Result<std::int64_t> Count(const Filter& filter, std::int64_t cap, Deadline deadline) override;
  Result<std::vector<SimilarHit>> ExactNearest(const Embedding& query,
                                               std::string_view space,
                                               const Filter& filter,
                                               int limit,
                                               Deadline deadline) override;
  Result<std::vector<TextHit>> TextSearch(std::string_view text,
                                          const Filter& filter,
                                          int limit,
                                          Deadline deadline) override;
  Result<std::vector<StoredEmbedding>> ScanEmbeddings(std::string_view space,
                                                      RecordId after,
                                                      int limit,
                                                      Deadline deadline) override;
  Result<std::vector<AttemptOutcome>> SettleAttempts(std::span<const AttemptRef> attempts,
                                                     Deadline deadline) override;
  Result<std::vector<PendingVector>> LeaseDue(VectorSetId set,
                                              int limit,
                                              Lease lease,
                                              Deadline deadline) override;
  Result<void> Settle(std::span<const PendingVector> rows, Deadline deadline) override;
  Result<void> Fail(std::span<const PendingVector> rows,
                    PendingReason reason,
                    WallTime due_at,
                    Deadline deadline) override;
  Result<void> Park(std::span<const PendingVector> rows, Deadline deadline) override;
  Result<std::int64_t> Release(VectorSetId set, WallTime now, Deadline deadline) override;
  Result<PendingIdPage> PendingIds(VectorSetId set, Deadline deadline) override;
  Result<std::vector<PendingTally>> TallyPending(Deadline deadline) override;
  Result<std::vector<StoredId>> ScanIds(VectorSetId set,
                                        RecordId after,
                                        int limit,
                                        Deadline deadline) override;
  Result<Stamp> RaiseStamps(Stamp floor, Deadline deadline) override;
  Result<std::vector<VectorSet>> Sets(Deadline deadline) override;
  Result<VectorSet> RegisterSet(const VectorSet& set, Deadline deadline) override;
  Result<void> ChangeSetState(VectorSetId set,
                              VectorSetState from,
                              VectorSetState to,
                              Deadline deadline) override;
  Result<std::string> Secret(std::string_view name, Deadline deadline) override;
  Result<std::string> Note(std::string_view name, Deadline deadline) override;
  Result<void> KeepNote(std::string_view name, std::string_view text, Deadline deadline) override;

  // A commit of one row that reaches the disk.
  Result<void> Check(Deadline deadline) override { return health_.Check(deadline); }
  Result<std::vector<HealthWarning>> Warnings(Deadline deadline) override {
    return health_.Warnings(deadline);
  }

  // Refused, kConflict: a server is backed up by its own tools.
  Result<BackupReport> Backup(const std::string& name, Deadline deadline) override;

  // For an index in the same database.
  postgres::Sessions& sessions() { return sessions_; }

 private:
  PostgresRecordStore(const Options& options, Runtime& runtime);
  Result<void> Prepare(Deadline deadline);

  const Options options_;
  postgres::Sessions sessions_;
  postgres::Committer committer_;
  postgres::RecordReader reader_;
  postgres::RecordSearch search_;
  postgres::PendingRows pending_;
  postgres::SetRegistry registry_;
  postgres::StoreHealth health_;
  postgres::Replica replica_;  // Last: its task uses the sessions.
};

}  // namespace datastorage
