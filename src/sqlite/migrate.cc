#include "sqlite/migrate.h"

#include <array>
#include <string>
#include <vector>

#include "base/sha256.h"
#include "embedded/ds_sqlite.h"
#include "sqlite/result_codes.h"

namespace datastorage::sqlite {
namespace {

constexpr std::array kMigrations{
    Migration{1, sql::sqlite::k_0001_records},
    Migration{2, sql::sqlite::k_0002_reconcile},
};

// What the runner itself needs. Not a migration: it must be there to read which ones ran.
constexpr const char* kCreateLedger =
    "CREATE TABLE schema_migration (n INTEGER PRIMARY KEY, sha256 TEXT NOT NULL) STRICT";

struct Applied {
  int number = 0;
  std::string sha256;
};

Result<std::int64_t> CountOf(Connection& writer, std::string_view sql) {
  DS_ASSIGN_OR_RETURN(Statement statement,
                      Statement::Prepare(writer.handle(), "inspect schema", sql));
  StatementRun counting(statement);
  DS_RETURN_IF_ERROR(counting.Next());
  return counting.Integer(0);
}

Result<void> EnsureLedger(Connection& writer) {
  DS_ASSIGN_OR_RETURN(
      const std::int64_t ledgers,
      CountOf(writer, "SELECT count(*) FROM sqlite_schema WHERE name = 'schema_migration'"));
  if (ledgers > 0) return {};
  DS_ASSIGN_OR_RETURN(const std::int64_t objects,
                      CountOf(writer, "SELECT count(*) FROM sqlite_schema"));
  if (objects > 0) return Conflict("the database file belongs to another program");
  return writer.Execute("create the schema", kCreateLedger);
}

Result<std::vector<Applied>> ReadLedger(Connection& writer) {
  DS_ASSIGN_OR_RETURN(Statement statement,
                      Statement::Prepare(writer.handle(),
                                         "read schema versions",
                                         "SELECT n, sha256 FROM schema_migration ORDER BY n"));
  StatementRun reading(statement);
  std::vector<Applied> applied;
  while (true) {
    DS_ASSIGN_OR_RETURN(const bool has_row, reading.Next());
    if (!has_row) return applied;
    applied.push_back({static_cast<int>(reading.Integer(0)), std::string(reading.Text(1))});
  }
}

Result<void> CheckApplied(std::span<const Applied> applied, std::span<const Migration> known) {
  const int newest = known.empty() ? 0 : known.back().number;
  if (!applied.empty() && applied.back().number > newest) {
    return Conflict("the database has schema version " + std::to_string(applied.back().number) +
                    ", this program knows up to " + std::to_string(newest) +
                    ": start a newer program");
  }
  for (std::size_t i = 0; i < applied.size(); ++i) {
    if (applied[i].number != known[i].number ||
        applied[i].sha256 != ToHex(Sha256Of({known[i].sql}))) {
      return Conflict("schema version " + std::to_string(applied[i].number) +
                      " of the database differs from the one of this program");
    }
  }
  return {};
}

Result<void> Apply(Connection& writer, const Migration& migration) {
  Transaction transaction(writer);
  DS_RETURN_IF_ERROR(transaction.BeginWriting());
  const std::string doing = "migrate to schema version " + std::to_string(migration.number);
  DS_RETURN_IF_ERROR(writer.Execute(doing, std::string(migration.sql)));
  {
    DS_ASSIGN_OR_RETURN(Statement statement,
                        Statement::Prepare(writer.handle(),
                                           doing,
                                           "INSERT INTO schema_migration (n, sha256) "
                                           "VALUES (?, ?)"));
    const std::string sha256 = ToHex(Sha256Of({migration.sql}));
    StatementRun inserting(statement);
    DS_RETURN_IF_ERROR(inserting.BindInteger(migration.number).BindText(sha256).Run());
  }
  const int code = writer.Commit();
  if (code != 0) return TranslateCode(code, doing, writer.handle());
  return {};
}

}  // namespace

std::span<const Migration> AllMigrations() {
  return kMigrations;
}

Result<void> Migrate(Connection& writer, std::span<const Migration> migrations) {
  DS_RETURN_IF_ERROR(EnsureLedger(writer));
  DS_ASSIGN_OR_RETURN(const std::vector<Applied> applied, ReadLedger(writer));
  DS_RETURN_IF_ERROR(CheckApplied(applied, migrations));
  for (const Migration& migration : migrations.subspan(applied.size())) {
    DS_RETURN_IF_ERROR(Apply(writer, migration));
  }
  return {};
}

Result<int> SchemaVersion(Connection& connection, std::span<const Migration> migrations) {
  DS_ASSIGN_OR_RETURN(
      const std::int64_t ledgers,
      CountOf(connection, "SELECT count(*) FROM sqlite_schema WHERE name = 'schema_migration'"));
  if (ledgers == 0) return Conflict("the file is no database of this program");
  DS_ASSIGN_OR_RETURN(const std::vector<Applied> applied, ReadLedger(connection));
  DS_RETURN_IF_ERROR(CheckApplied(applied, migrations));
  if (applied.empty()) return Conflict("the file is no database of this program");
  return applied.back().number;
}

}  // namespace datastorage::sqlite
