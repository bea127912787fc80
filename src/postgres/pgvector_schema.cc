#include "postgres/pgvector_schema.h"

#include <array>
#include <charconv>
#include <optional>

#include "base/log.h"
#include "embedded/ds_postgres.h"
#include "postgres/migrate.h"

namespace datastorage::postgres {
namespace {

using Version = std::array<int, 3>;

constexpr Version kOldest{0, 8, 0};         // The first with iterative scans.
constexpr Version kParallelBuild{0, 8, 2};  // Before it, a parallel build may write out of bounds.
constexpr Version kRecommended{0, 8, 4};

constexpr std::string_view kInspect =
    "SELECT (SELECT default_version FROM pg_available_extensions WHERE name = 'vector'),"
    " (SELECT extversion FROM pg_extension WHERE extname = 'vector'),"
    " to_regtype('halfvec') IS NOT NULL,"
    " to_regclass('vector_mark') IS NOT NULL AND to_regclass('vector_point') IS NOT NULL"
    " AND to_regclass('vector_head') IS NOT NULL AND to_regclass('vector_body') IS NOT NULL"
    " AND to_regclass('vector_segment') IS NOT NULL AND EXISTS (SELECT FROM pg_attribute"
    " WHERE attrelid = to_regclass('vector_segment') AND attname = 'made')";

struct Extension {
  std::optional<std::string> offered;
  std::optional<std::string> installed;
  bool is_visible = false;
  bool has_tables = false;
};

Version Parse(std::string_view text) {
  Version version{};
  const char* at = text.data();
  const char* const end = text.data() + text.size();
  for (int& part : version) {
    at = std::from_chars(at, end, part).ptr;
    if (at != end && *at == '.') ++at;
  }
  return version;
}

Result<Extension> Inspect(Connection& connection, Deadline deadline) {
  Call call;
  call.sql = kInspect;
  DS_ASSIGN_OR_RETURN(const Rows rows,
                      connection.RunOne("look for pgvector", std::move(call), deadline));
  Extension extension;
  if (!rows.IsNull(0, 0)) extension.offered = rows.Text(0, 0);
  if (!rows.IsNull(0, 1)) extension.installed = rows.Text(0, 1);
  extension.is_visible = rows.Bool(0, 2);
  extension.has_tables = rows.Bool(0, 3);
  return extension;
}

// Of the extension that is in the database, or would be put there.
Result<Version> CheckVersion(const Extension& extension) {
  if (!extension.installed.has_value() && !extension.offered.has_value()) {
    return Conflict(
        "the database server has no pgvector: install its package (postgresql-NN-pgvector), or "
        "choose another vector index");
  }
  const bool is_installed = extension.installed.has_value();
  const std::string& name = is_installed ? *extension.installed : *extension.offered;
  const Version version = Parse(name);
  if (version < kOldest) {
    return Conflict("pgvector is " + name + ", 0.8.0 or newer is needed: install a newer one" +
                    (is_installed ? ", then ALTER EXTENSION vector UPDATE" : ""));
  }
  if (is_installed && !extension.is_visible) {
    return Conflict(
        "pgvector is in a schema that the search_path of the role does not name: add it there");
  }
  if (version < kRecommended) {
    Log(LogLevel::kWarning,
        "pgvector is older than 0.8.4 and has known faults",
        {{"version", std::string_view(name)}});
  }
  return version;
}

}  // namespace

Result<void> InstallPgvector(Connection& owner,
                             const std::string& service_role,
                             Deadline deadline) {
  DS_ASSIGN_OR_RETURN(const Extension extension, Inspect(owner, deadline));
  DS_ASSIGN_OR_RETURN(const Version version, CheckVersion(extension));
  // The tables are empty when the index is made; it may also be made again, of full ones.
  std::string script = "SET statement_timeout = 0;";
  if (version < kParallelBuild) script += "SET max_parallel_maintenance_workers = 0;";
  DS_RETURN_IF_ERROR(owner.RunScript("prepare for pgvector", script, deadline));
  // One script, and so one transaction.
  script = sql::postgres::k_vector_schema;
  script += sql::postgres::k_vector_segments;
  DS_RETURN_IF_ERROR(owner.RunScript("make pgvector's tables", script, deadline));
  if (service_role.empty()) return {};
  return Grant(owner, sql::postgres::k_vector_grants, service_role, deadline);
}

Result<void> CheckPgvector(Connection& connection, Deadline deadline) {
  DS_ASSIGN_OR_RETURN(const Extension extension, Inspect(connection, deadline));
  DS_RETURN_IF_ERROR(CheckVersion(extension));
  if (extension.installed.has_value() && extension.has_tables) return {};
  return Conflict(
      "the database has no tables for pgvector, or older ones: start once with the role that owns "
      "it");
}

}  // namespace datastorage::postgres
