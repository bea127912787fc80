#include "sqlite/sqlite_record_store.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "base/check.h"
#include "base/limits.h"
#include "base/log.h"
#include "sqlite/backup.h"
#include "sqlite/commit_run.h"
#include "sqlite/database_path.h"
#include "sqlite/migrate.h"
#include "sqlite/result_codes.h"
#include "sqlite/text_levels.h"

namespace datastorage {

using sqlite::CommitRun;
using sqlite::Connection;
using sqlite::ConnectionPool;
using sqlite::DirectoryLock;

namespace {

// 16 MiB of log: long enough that a checkpoint is rare, short enough that it takes some ten
// milliseconds.
constexpr int kLogPageCountBeforeCheckpoint = 4'000;

// Undone by a neighbour: those that would have succeeded say so, the others keep their reason.
void MarkNotAttempted(std::vector<WriteOutcome>& outcomes) {
  for (WriteOutcome& outcome : outcomes) {
    if (Succeeded(outcome.status)) {
      outcome = {.status = WriteStatus::kNotAttempted, .id = outcome.id};
    }
  }
}

}  // namespace

SqliteRecordStore::SqliteRecordStore(Options options, DirectoryLock lock)
    : options_(std::move(options)),
      lock_(std::move(lock)),
      writer_(PoolMeter(options_.metrics, "records", "writers")),
      readers_(PoolMeter(options_.metrics, "records", "readers")) {}

SqliteRecordStore::~SqliteRecordStore() = default;

Result<std::unique_ptr<SqliteRecordStore>> SqliteRecordStore::Open(const Options& options) {
  if (options.directory.empty()) return InvalidArgument("the data directory has no name");
  if (options.reader_count < 1 || options.reader_count > limits::kDatabaseReaderCountMax) {
    return InvalidArgument("reader_count must be 1 to " +
                           std::to_string(limits::kDatabaseReaderCountMax));
  }
  DS_ASSIGN_OR_RETURN(DirectoryLock lock, DirectoryLock::Take(options.directory));
  std::unique_ptr<SqliteRecordStore> store(new SqliteRecordStore(options, std::move(lock)));
  DS_RETURN_IF_ERROR(store->OpenConnections());
  return store;
}

Result<void> SqliteRecordStore::OpenConnections() {
  const std::string path = sqlite::DatabasePath(options_.directory);
  DS_ASSIGN_OR_RETURN(std::unique_ptr<Connection> writer,
                      Connection::Open({.path = path, .vfs = options_.vfs, .is_writer = true}));
  DS_RETURN_IF_ERROR(sqlite::Migrate(*writer, sqlite::AllMigrations()));
  DS_RETURN_IF_ERROR(writer->PrepareAll());
  // What an erasure left in the log when the process ended goes now.
  DS_RETURN_IF_ERROR(writer->EmptyLog());
  writer_.Add(std::move(writer));
  for (int i = 0; i < options_.reader_count; ++i) {
    DS_ASSIGN_OR_RETURN(std::unique_ptr<Connection> reader,
                        Connection::Open({.path = path, .vfs = options_.vfs}));
    DS_RETURN_IF_ERROR(reader->PrepareAll());
    readers_.Add(std::move(reader));
  }
  return {};
}

Result<std::vector<WriteOutcome>> SqliteRecordStore::Commit(std::span<const WriteOp> operations,
                                                            CommitMode mode,
                                                            Deadline deadline) {
  DS_CHECK(operations.size() <= limits::kBatchItemCountMax);
  std::vector<WriteOutcome> outcomes;
  DS_ASSIGN_OR_RETURN(ConnectionPool::Lease writer, writer_.Acquire(deadline));
  if (is_broken_) return Unavailable("the disk failed: restart the service");
  sqlite::Transaction transaction(*writer);
  DS_RETURN_IF_ERROR(transaction.BeginWriting());
  CommitRun run(*writer, options_.clock->WallNow());
  DS_RETURN_IF_ERROR(run.Begin());
  for (const WriteOp& operation : operations) {
    if (deadline.HasPassed()) return DeadlineExceeded("the deadline passed while writing");
    DS_ASSIGN_OR_RETURN(const WriteOutcome outcome, run.Apply(operation));
    outcomes.push_back(outcome);
  }
  const bool all_succeeded = std::all_of(outcomes.begin(), outcomes.end(), [](const auto& outcome) {
    return Succeeded(outcome.status);
  });
  if (mode == CommitMode::kAllOrNothing && !all_succeeded) {
    MarkNotAttempted(outcomes);
    return outcomes;  // The transaction rolls back.
  }
  DS_RETURN_IF_ERROR(run.Finish());
  must_empty_log_ = must_empty_log_ || run.has_erased();
  DS_RETURN_IF_ERROR(FinishWrite(*writer, deadline));
  if (run.has_erased()) DS_RETURN_IF_ERROR(KeepTextLevelsFew(*writer));
  return outcomes;
}

Result<void> SqliteRecordStore::Write(Durability durability,
                                      Deadline deadline,
                                      const WriteBody& body) {
  DS_ASSIGN_OR_RETURN(ConnectionPool::Lease writer, writer_.Acquire(deadline));
  if (is_broken_) return Unavailable("the disk failed: restart the service");
  const bool is_light = durability == Durability::kProcessEnd;
  if (is_light) DS_RETURN_IF_ERROR(writer->Execute("relax", "PRAGMA synchronous = NORMAL"));
  Result<void> written = [&]() -> Result<void> {
    sqlite::Transaction transaction(*writer);
    DS_RETURN_IF_ERROR(transaction.BeginWriting());
    DS_RETURN_IF_ERROR(body(*writer));
    return FinishWrite(*writer, deadline);
  }();
  if (is_light) DS_RETURN_IF_ERROR(writer->Execute("tighten", "PRAGMA synchronous = FULL"));
  return written;
}

Result<void> SqliteRecordStore::FinishWrite(Connection& writer, Deadline deadline) {
  if (deadline.HasPassed()) return DeadlineExceeded("the deadline passed before the commit");
  const int code = writer.Commit();
  if (sqlite::IsInputOutputError(code)) return LoseDurability(code, "commit");
  if (code != 0) return sqlite::TranslateCode(code, "commit", writer.handle());
  return TrimLog(writer);
}

Result<void> SqliteRecordStore::TrimLog(Connection& writer) {
  if (!must_empty_log_ && writer.log_page_count() < kLogPageCountBeforeCheckpoint) return {};
  const int code = writer.Checkpoint(must_empty_log_);
  // Later syncs may answer well although the pages of this one are gone.
  if (sqlite::IsInputOutputError(code)) return LoseDurability(code, "checkpoint");
  // Busy: a reader still needs the log. The next commit tries again.
  if (code == 0) must_empty_log_ = false;
  return {};
}

// Once in some hundred erasures. When it fails, the next erasure tries again.
Result<void> SqliteRecordStore::KeepTextLevelsFew(Connection& writer) {
  {
    sqlite::StatementRun measuring(writer.At(sqlite::Query::kTextStructureSize));
    const Result<bool> has_row = measuring.Next();
    const std::int64_t size = has_row.has_value() && *has_row ? measuring.Integer(0) : 0;
    if (size <= static_cast<std::int64_t>(sqlite::kTextStructureByteCountMax)) return {};
  }
  const int code = sqlite::FoldTextLevels(sqlite::DatabasePath(options_.directory), options_.vfs);
  if (sqlite::IsInputOutputError(code)) return LoseDurability(code, "fold the text index");
  if (code != 0) {
    Log(LogLevel::kWarning,
        "the levels of the text index stay",
        {{"sqlite_code", std::int64_t{code}}});
  }
  return {};
}

Error SqliteRecordStore::LoseDurability(int result_code, std::string_view doing) {
  is_broken_ = true;
  Log(LogLevel::kError,
      "the disk failed",
      {{"doing", doing}, {"sqlite_code", std::int64_t{result_code}}});
  if (options_.on_durability_lost) {
    options_.on_durability_lost("the disk failed, so what is stored is unknown");
    return OutcomeUnknown("the disk failed while the write was committed");
  }
  std::fputs("the disk failed, so what is stored is unknown: stopping\n", stderr);
  std::abort();
}

Result<ConnectionPool::Lease> SqliteRecordStore::BeginRead(Deadline deadline) {
  DS_ASSIGN_OR_RETURN(ConnectionPool::Lease reader, readers_.Acquire(deadline));
  reader->SetDeadline(deadline);
  DS_RETURN_IF_ERROR(reader->Execute("begin reading", "BEGIN"));
  return reader;
}

Result<BackupReport> SqliteRecordStore::Backup(const std::string& name, Deadline deadline) {
  return sqlite::WriteBackup(
      sqlite::DatabasePath(options_.directory), options_.directory + "/backups", name, deadline);
}

Result<void> SqliteRecordStore::Check(Deadline deadline) {
  const WallTime now = options_.clock->WallNow();
  return Write(Durability::kPowerCut, deadline, [&](Connection& writer) -> Result<void> {
    const std::string value = std::to_string(now.time_since_epoch().count());
    sqlite::StatementRun probing(writer.At(sqlite::Query::kProbeWrite));
    DS_RETURN_IF_ERROR(
        probing.BindBlob({reinterpret_cast<const std::uint8_t*>(value.data()), value.size()})
            .Run());
    return {};
  });
}

}  // namespace datastorage
