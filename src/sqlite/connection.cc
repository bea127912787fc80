#include "sqlite/connection.h"

#include <sqlite3.h>

#include "base/check.h"
#include "base/limits.h"
#include "sqlite/filter_functions.h"
#include "sqlite/result_codes.h"

namespace datastorage::sqlite {
namespace {

// Virtual machine steps between two looks at the clock: some ten microseconds.
constexpr int kStepsPerDeadlineCheck = 2'000;

// Longer statement texts, such as a filter of thousands of ids, are not worth keeping.
constexpr std::size_t kKeptSqlByteCountMax = 8u << 10;

// A reader may hold the log for longer; then the next commit tries again.
constexpr int kTruncateWaitMs = 100;

constexpr const char* kPragmasOfAll =
    "PRAGMA foreign_keys = ON;"
    "PRAGMA temp_store = MEMORY;"
    "PRAGMA cache_size = -32768;";

constexpr const char* kPragmasOfWriter =
    "PRAGMA journal_mode = WAL;"
    "PRAGMA synchronous = FULL;"
    "PRAGMA secure_delete = ON;"
    "PRAGMA journal_size_limit = 67108864;";

int RememberLogSize(void* page_count, sqlite3*, const char*, int pages) {
  *static_cast<int*>(page_count) = pages;
  return SQLITE_OK;
}

int StopWhenPassed(void* deadline) {
  return static_cast<const Deadline*>(deadline)->HasPassed() ? 1 : 0;
}

}  // namespace

Result<std::unique_ptr<Connection>> Connection::Open(const ConnectionOptions& options) {
  sqlite3* handle = nullptr;
  const int flags =
      SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_READWRITE | (options.is_writer ? SQLITE_OPEN_CREATE : 0);
  const int code = sqlite3_open_v2(
      options.path.c_str(), &handle, flags, options.vfs.empty() ? nullptr : options.vfs.c_str());
  std::unique_ptr<Connection> connection(new Connection(handle));
  if (code != SQLITE_OK) return TranslateCode(code, "open the database", handle);
  DS_RETURN_IF_ERROR(connection->Configure(options));
  return connection;
}

Connection::~Connection() {
  for (std::optional<Statement>& statement : statements_) statement.reset();
  dynamic_.clear();
  sqlite3_close_v2(handle_);
}

Result<void> Connection::Configure(const ConnectionOptions& options) {
  sqlite3_extended_result_codes(handle_, 1);
  sqlite3_db_config(handle_, SQLITE_DBCONFIG_DQS_DML, 0, nullptr);
  sqlite3_db_config(handle_, SQLITE_DBCONFIG_DQS_DDL, 0, nullptr);
  sqlite3_db_config(handle_, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  sqlite3_busy_timeout(handle_, static_cast<int>(limits::kDatabaseBusyTimeout.count()));
  DS_RETURN_IF_ERROR(Execute("configure the database", kPragmasOfAll));
  if (options.is_writer) DS_RETURN_IF_ERROR(Execute("configure the database", kPragmasOfWriter));
  if (!options.is_writer) {
    DS_RETURN_IF_ERROR(Execute("configure the database", "PRAGMA query_only = ON;"));
  }
  // Replaces automatic checkpoints, which would hide a failed sync.
  sqlite3_wal_hook(handle_, &RememberLogSize, &log_page_count_);
  return RegisterFilterFunctions(handle_);
}

Result<void> Connection::PrepareAll() {
  for (std::size_t i = 0; i < statements_.size(); ++i) {
    const Query query = static_cast<Query>(i);
    if (!IsTemplate(query)) {
      DS_ASSIGN_OR_RETURN(statements_[i], Statement::Prepare(handle_, NameOf(query), SqlOf(query)));
      continue;
    }
    std::string sql = Substitute(SqlOf(query), "{filter}", "TRUE");
    sql = Substitute(Substitute(sql, "{after}", "TRUE"), "{order}", "r.id");
    DS_RETURN_IF_ERROR(GetDynamic(query, std::move(sql)));
  }
  return {};
}

Statement& Connection::At(Query query) {
  std::optional<Statement>& statement = statements_[static_cast<std::size_t>(query)];
  DS_CHECK(statement.has_value());
  return *statement;
}

Result<Statement*> Connection::GetDynamic(Query query, std::string sql) {
  for (auto kept = dynamic_.begin(); kept != dynamic_.end(); ++kept) {
    if (kept->sql != sql) continue;
    dynamic_.splice(dynamic_.begin(), dynamic_, kept);
    return &dynamic_.front().statement;
  }
  DS_ASSIGN_OR_RETURN(Statement prepared, Statement::Prepare(handle_, NameOf(query), sql));
  // One too long to be kept is the last in line, so that the next call drops it.
  const bool is_kept = sql.size() <= kKeptSqlByteCountMax;
  if (dynamic_.size() >= limits::kPreparedStatementCountMax) dynamic_.pop_back();
  const auto place = is_kept ? dynamic_.begin() : dynamic_.end();
  return &dynamic_.insert(place, {is_kept ? std::move(sql) : std::string(), std::move(prepared)})
              ->statement;
}

Result<void> Connection::Execute(std::string_view doing, const std::string& sql) {
  const int code = sqlite3_exec(handle_, sql.c_str(), nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) return TranslateCode(code, doing, handle_);
  return {};
}

int Connection::Commit() {
  return sqlite3_exec(handle_, "COMMIT", nullptr, nullptr, nullptr);
}

int Connection::Checkpoint(bool empties_log) {
  if (empties_log) sqlite3_busy_timeout(handle_, kTruncateWaitMs);
  const int code = sqlite3_wal_checkpoint_v2(
      handle_,
      nullptr,
      empties_log ? SQLITE_CHECKPOINT_TRUNCATE : SQLITE_CHECKPOINT_PASSIVE,
      nullptr,
      nullptr);
  sqlite3_busy_timeout(handle_, static_cast<int>(limits::kDatabaseBusyTimeout.count()));
  return code;
}

Result<void> Connection::EmptyLog() {
  const int code = Checkpoint(true);
  if (code != SQLITE_OK) return TranslateCode(code, "empty the log", handle_);
  return {};
}

void Connection::Rollback() {
  if (sqlite3_get_autocommit(handle_) == 0) {
    // A failing rollback leaves the file as the last commit left it: recovery discards the rest.
    sqlite3_exec(handle_, "ROLLBACK", nullptr, nullptr, nullptr);
  }
}

std::int64_t Connection::LastRow() const {
  return sqlite3_last_insert_rowid(handle_);
}

void Connection::SetDeadline(Deadline deadline) {
  deadline_ = deadline;
  const bool is_bounded = deadline.time() != SteadyTime::max();
  sqlite3_progress_handler(handle_,
                           is_bounded ? kStepsPerDeadlineCheck : 0,
                           is_bounded ? &StopWhenPassed : nullptr,
                           &deadline_);
}

}  // namespace datastorage::sqlite
