// SqliteRecordStore: the record store in one SQLite file, for one process.
//
// Threads:     safe to call concurrently. One writer at a time; readers see snapshots and wait for
//              nobody but a free connection.
// Durability:  WAL with synchronous=FULL: what Commit answered survives a power cut. When a COMMIT
//              or a checkpoint fails to reach the disk, `on_durability_lost` is called.
// Limitations: the directory is held by a lock; a second process is refused.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>

#include "base/metrics.h"
#include "ports/health_probe.h"
#include "ports/record_backup.h"
#include "ports/record_store.h"
#include "sqlite/connection_pool.h"
#include "sqlite/directory_lock.h"

namespace datastorage {

class SqliteRecordStore final : public RecordStore, public HealthProbe, public RecordBackup {
 public:
  struct Options {
    std::string directory{};  // Made if missing; holds datastorage.db and datastorage.lock.
    int reader_count = 4;  // Reads that run at the same time, 1…limits::kDatabaseReaderCountMax.
    // Wall time of operations that carry none. Must outlive the store.
    const Clock* clock = &SystemClock();
    // What is on disk is unknown: nothing may be acknowledged any more. Empty: end the process.
    // If it returns, the store refuses all further writes.
    std::function<void(std::string_view)> on_durability_lost{};
    Metrics* metrics = nullptr;  // What the pools tell; must outlive the store.
    std::string vfs{};           // For tests that break the disk; empty: SQLite's own.
  };

  // Errors: kInvalidArgument for the options; kUnavailable when the directory is in use (names the
  // process) or cannot be used; kConflict when the file has a schema that this program does not
  // know (names both versions); kInternal when it is damaged.
  static Result<std::unique_ptr<SqliteRecordStore>> Open(const Options& options);

  ~SqliteRecordStore() override;

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
  Result<void> Check(Deadline deadline) override;

  // Into the folder `backups` beside the database.
  Result<BackupReport> Backup(const std::string& name, Deadline deadline) override;

 private:
  // What a write must survive. Losing a lease or a settled row costs a repetition only.
  enum class Durability : std::uint8_t { kPowerCut, kProcessEnd };
  using WriteBody = std::function<Result<void>(sqlite::Connection&)>;

  SqliteRecordStore(Options options, sqlite::DirectoryLock lock);
  Result<void> OpenConnections();

  // Runs `body` in a transaction of the writer and commits it.
  Result<void> Write(Durability durability, Deadline deadline, const WriteBody& body);
  Result<void> FinishWrite(sqlite::Connection& writer, Deadline deadline);
  // Keeps the log short. REQUIRES: no transaction is open.
  Result<void> TrimLog(sqlite::Connection& writer);
  // After an erasure was committed. REQUIRES: no transaction is open.
  Result<void> KeepTextLevelsFew(sqlite::Connection& writer);
  Error LoseDurability(int result_code, std::string_view doing);
  // A connection that reads one snapshot until it is given back.
  Result<sqlite::ConnectionPool::Lease> BeginRead(Deadline deadline);
  // Runs one statement a row, bound to set, id and stamp after what `bind` binds.
  Result<void> ChangePending(sqlite::Query query,
                             std::span<const PendingVector> rows,
                             const std::function<void(sqlite::StatementRun&)>& bind,
                             Deadline deadline);

  const Options options_;
  sqlite::DirectoryLock lock_;  // Outlives the connections.
  sqlite::ConnectionPool writer_;
  sqlite::ConnectionPool readers_;
  bool must_empty_log_ = false;  // After an erasure. Belongs to who holds the writer.
  std::atomic<bool> is_broken_ = false;
};

}  // namespace datastorage
