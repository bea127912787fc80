// Connection: one connection to the database file with its prepared statements.
//
// Threads: none; ConnectionPool hands each to one caller at a time.
#pragma once

#include <array>
#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "sqlite/queries.h"
#include "sqlite/statement.h"

struct sqlite3;

namespace datastorage::sqlite {

struct ConnectionOptions {
  std::string path{};
  std::string vfs{};  // Empty: SQLite's own.
  bool is_writer = false;
};

class Connection {
 public:
  // A writer makes the file, switches it to WAL with synchronous=FULL and secure_delete.
  // Errors: those of the result code table.
  static Result<std::unique_ptr<Connection>> Open(const ConnectionOptions& options);

  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // Prepares every query against the real schema: a wrong one stops the start, not a request.
  Result<void> PrepareAll();

  // REQUIRES: PrepareAll was called; `query` is no template.
  Statement& At(Query query);
  // A completed template. Recently used ones are kept. Valid until the next call.
  Result<Statement*> GetDynamic(Query query, std::string sql);

  // For statements without parameters that are no queries: migrations, pragmas, BEGIN.
  Result<void> Execute(std::string_view doing, const std::string& sql);
  // COMMIT, and Checkpoint: moves the log into the file, as far as readers let it; `empties_log`
  // also cuts the log to nothing, or is busy. Raw result codes: what follows depends on them.
  int Commit();
  int Checkpoint(bool empties_log);
  // For whoever needs the log to be empty to go on. Errors: those of the result code table.
  Result<void> EmptyLog();
  // How long the log was after the last commit.
  int log_page_count() const { return log_page_count_; }
  // Ends a transaction without keeping it, if one is open.
  void Rollback();

  // From now on statements are interrupted (kDeadlineExceeded) once `deadline` has passed.
  void SetDeadline(Deadline deadline);

  // The row number that the last INSERT made.
  std::int64_t LastRow() const;

  sqlite3* handle() const { return handle_; }

 private:
  struct DynamicStatement {
    std::string sql;
    Statement statement;
  };

  explicit Connection(sqlite3* handle) : handle_(handle) {}
  Result<void> Configure(const ConnectionOptions& options);

  sqlite3* handle_;
  Deadline deadline_ = Deadline::Never();
  int log_page_count_ = 0;
  std::array<std::optional<Statement>, static_cast<std::size_t>(Query::kCount)> statements_;
  std::list<DynamicStatement> dynamic_;  // Most recently used first.
};

// A transaction that is rolled back unless it is committed.
class [[nodiscard]] Transaction {
 public:
  explicit Transaction(Connection& connection) : connection_(connection) {}
  ~Transaction() { connection_.Rollback(); }
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;

  // REQUIRES: nobody else writes (BEGIN IMMEDIATE would be busy).
  Result<void> BeginWriting() { return connection_.Execute("begin writing", "BEGIN IMMEDIATE"); }
  // One snapshot for all that is read until the end.
  Result<void> BeginReading() { return connection_.Execute("begin reading", "BEGIN"); }

 private:
  Connection& connection_;
};

}  // namespace datastorage::sqlite
