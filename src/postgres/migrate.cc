#include "postgres/migrate.h"

#include <poll.h>

#include <array>
#include <charconv>
#include <vector>

#include "base/sha256.h"
#include "embedded/ds_postgres.h"

namespace datastorage::postgres {
namespace {

constexpr std::array kMigrations{
    Migration{1, sql::postgres::k_0001_records},
    Migration{2, sql::postgres::k_0002_word_sample},
};

// Of our own; any number that no other program takes.
constexpr std::string_view kTryLock = "SELECT pg_try_advisory_lock(7310868417)";
constexpr std::string_view kUnlock = "SELECT pg_advisory_unlock(7310868417)";
constexpr int kLockPollMilliseconds = 20;
constexpr int kMonthsAhead = 4;

// What the runner itself needs. Not a migration: it must be there to read which ones ran.
constexpr std::string_view kCreateLedger =
    "CREATE TABLE schema_migration (n integer PRIMARY KEY, sha256 text NOT NULL,"
    " runs_with integer NOT NULL, applied_at timestamptz NOT NULL DEFAULT now())";
constexpr std::string_view kInspect =
    "SELECT to_regclass('schema_migration') IS NOT NULL, to_regclass('record') IS NOT NULL";
constexpr std::string_view kReadLedger =
    "SELECT n, sha256, runs_with FROM schema_migration ORDER BY n";
constexpr std::string_view kAddToLedger =
    "INSERT INTO schema_migration (n, sha256, runs_with)"
    " VALUES ($1::bigint, $2::text, $3::bigint)";
constexpr std::string_view kRunsWith = "-- runs with: ";
constexpr std::string_view kOutside = "-- outside of a transaction\n";

struct Applied {
  int number = 0;
  std::string sha256;
  int runs_with = 0;
};

Result<Rows> Ask(Connection& connection, std::string_view sql, Deadline deadline) {
  return connection.RunOne("migrate", {.sql = std::string(sql)}, deadline);
}

// Waits as a poller: a session that waits inside of the server would hold up, and be held up by, an
// index that is built concurrently.
class MigrationLock {
 public:
  explicit MigrationLock(Connection& connection) : connection_(connection) {}
  ~MigrationLock() {
    if (!is_held_) return;
    connection_.Rollback();
    // If it fails the session is lost, and the lock with it.
    (void)connection_.RunOne(
        "migrate", {.sql = std::string(kUnlock)}, Deadline::In(std::chrono::seconds(5)));
  }
  MigrationLock(const MigrationLock&) = delete;
  MigrationLock& operator=(const MigrationLock&) = delete;

  Result<void> Take(Deadline deadline) {
    while (true) {
      DS_ASSIGN_OR_RETURN(const Rows rows, Ask(connection_, kTryLock, deadline));
      is_held_ = rows.Bool(0, 0);
      if (is_held_) return {};
      poll(nullptr, 0, kLockPollMilliseconds);
    }
  }

 private:
  Connection& connection_;
  bool is_held_ = false;
};

int RunsWith(const Migration& migration) {
  const std::size_t at = migration.sql.find(kRunsWith);
  int number = migration.number;
  if (at == std::string_view::npos) return number;
  const std::string_view rest = migration.sql.substr(at + kRunsWith.size());
  std::from_chars(rest.data(), rest.data() + rest.size(), number);
  return number;
}

// Nothing is applied where there is no ledger.
Result<std::vector<Applied>> ReadLedger(Connection& connection, Deadline deadline) {
  std::vector<Applied> applied;
  DS_ASSIGN_OR_RETURN(const Rows found, Ask(connection, kInspect, deadline));
  if (!found.Bool(0, 0)) {
    if (found.Bool(0, 1)) return Conflict("the tables of the database belong to another program");
    return applied;
  }
  DS_ASSIGN_OR_RETURN(const Rows rows, Ask(connection, kReadLedger, deadline));
  for (int row = 0; row < rows.count(); ++row) {
    applied.push_back({static_cast<int>(rows.Integer(row, 0)),
                       std::string(rows.Text(row, 1)),
                       static_cast<int>(rows.Integer(row, 2))});
  }
  return applied;
}

Result<void> CheckApplied(std::span<const Applied> applied, std::span<const Migration> known) {
  const int newest = known.empty() ? 0 : known.back().number;
  for (std::size_t i = 0; i < applied.size(); ++i) {
    const Applied& step = applied[i];
    if (step.number > newest) {
      if (step.runs_with <= newest) continue;
      return Conflict("the database has schema version " + std::to_string(step.number) +
                      ", this program knows up to " + std::to_string(newest) +
                      ": start a newer program");
    }
    if (step.number != known[i].number || step.sha256 != ToHex(Sha256Of({known[i].sql}))) {
      return Conflict("schema version " + std::to_string(step.number) +
                      " of the database differs from the one of this program");
    }
  }
  return {};
}

Call LedgerCall(const Migration& migration) {
  Call call{.sql = std::string(kAddToLedger)};
  call.parameters.Add(migration.number).Add(std::string_view(ToHex(Sha256Of({migration.sql}))));
  call.parameters.Add(RunsWith(migration));
  return call;
}

Result<void> Apply(Connection& owner, const Migration& migration, Deadline deadline) {
  const std::string doing = "migrate to schema version " + std::to_string(migration.number);
  if (migration.sql.find(kOutside) != std::string_view::npos) {
    DS_RETURN_IF_ERROR(owner.RunScript(doing, std::string(migration.sql), deadline));
    DS_RETURN_IF_ERROR(owner.RunOne(doing, LedgerCall(migration), deadline));
    return {};
  }
  DS_RETURN_IF_ERROR(owner.RunScript(doing, "BEGIN", deadline));
  DS_RETURN_IF_ERROR(owner.RunScript(doing, std::string(migration.sql), deadline));
  std::vector<Call> calls;
  calls.push_back(LedgerCall(migration));
  calls.push_back({.name = Connection::kCommit});
  DS_RETURN_IF_ERROR(owner.Run(doing, std::move(calls), deadline));
  return {};
}

}  // namespace

std::span<const Migration> AllMigrations() {
  return kMigrations;
}

Result<void> Grant(Connection& owner,
                   std::string_view sql,
                   const std::string& role,
                   Deadline deadline) {
  std::string text(sql);
  constexpr std::string_view kMarker = "{role}";
  const std::string quoted = owner.Quoted(role);
  for (std::size_t at = text.find(kMarker); at != std::string::npos;
       at = text.find(kMarker, at + quoted.size())) {
    text.replace(at, kMarker.size(), quoted);
  }
  return owner.RunScript("grant the service its rights", text, deadline);
}

Result<void> Migrate(Connection& owner,
                     std::span<const Migration> migrations,
                     const std::string& service_role,
                     Deadline deadline) {
  MigrationLock lock(owner);
  DS_RETURN_IF_ERROR(lock.Take(deadline));
  // A step takes its time; it still waits for no lock for long, since others would wait behind it.
  DS_RETURN_IF_ERROR(owner.RunScript("migrate", "SET statement_timeout = 0", deadline));
  DS_ASSIGN_OR_RETURN(const std::vector<Applied> applied, ReadLedger(owner, deadline));
  DS_RETURN_IF_ERROR(CheckApplied(applied, migrations));
  if (applied.empty()) {
    // It may be there already, from a start that was interrupted.
    DS_ASSIGN_OR_RETURN(const Rows found, Ask(owner, kInspect, deadline));
    if (!found.Bool(0, 0)) DS_RETURN_IF_ERROR(Ask(owner, kCreateLedger, deadline));
  }
  for (std::size_t i = applied.size(); i < migrations.size(); ++i) {
    DS_RETURN_IF_ERROR(Apply(owner, migrations[i], deadline));
  }
  DS_RETURN_IF_ERROR(MakePartitions(owner, deadline));
  if (!service_role.empty()) {
    DS_RETURN_IF_ERROR(Grant(owner, sql::postgres::k_service, service_role, deadline));
  }
  return {};
}

Result<void> CheckSchema(Connection& connection,
                         std::span<const Migration> migrations,
                         Deadline deadline) {
  DS_ASSIGN_OR_RETURN(const std::vector<Applied> applied, ReadLedger(connection, deadline));
  DS_RETURN_IF_ERROR(CheckApplied(applied, migrations));
  if (applied.size() >= migrations.size()) return {};
  return Conflict("the database has schema version " + std::to_string(applied.size()) +
                  ", this program needs " + std::to_string(migrations.size()) +
                  ": migrate it with the role that owns it");
}

Result<void> MakePartitions(Connection& connection, Deadline deadline) {
  Call call{.sql = "SELECT make_partitions(now() - interval '1 month', ($1::bigint)::integer)"};
  call.parameters.Add(kMonthsAhead + 2);
  DS_RETURN_IF_ERROR(connection.RunOne("make partitions", std::move(call), deadline));
  return {};
}

Result<std::int64_t> CountUnplaced(Connection& connection, Deadline deadline) {
  Call call{.sql = "SELECT count(*) FROM (SELECT FROM record_other LIMIT 1000) AS unplaced"};
  DS_ASSIGN_OR_RETURN(const Rows rows,
                      connection.RunOne("count unplaced records", std::move(call), deadline));
  return rows.Integer(0, 0);
}

}  // namespace datastorage::postgres
