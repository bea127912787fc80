#include "app/migrate_command.h"

#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>

#include "cli/exit_code.h"
#include "postgres/address.h"
#include "postgres/migrate.h"
#include "postgres/pgvector_schema.h"
#include "postgres/vector_database.h"

namespace datastorage::app {
namespace {

using postgres::Connection;
using postgres::ConnectionOptions;

constexpr Duration kMigrateTimeout = std::chrono::hours(24);  // An index of a large table.

struct MigrateOptions {
  std::string service_role;
  bool only_looks = false;
};

int Fail(const Error& error) {
  std::fprintf(stderr, "error: %s\n", error.message.c_str());
  const bool is_away =
      error.code == ErrorCode::kUnavailable || error.code == ErrorCode::kDeadlineExceeded;
  return static_cast<int>(is_away ? cli::ExitCode::kUnavailable : cli::ExitCode::kProblem);
}

Result<std::unique_ptr<Connection>> Open(const std::string& conninfo, Deadline deadline) {
  ConnectionOptions connection;
  connection.conninfo = conninfo;
  return Connection::Open(connection, deadline);
}

Result<void> MigrateVectors(Connection& session, const MigrateOptions& options, Deadline deadline) {
  return options.only_looks ? postgres::CheckPgvector(session, deadline)
                            : postgres::InstallPgvector(session, options.service_role, deadline);
}

Result<void> MigrateStore(const Config& config, const MigrateOptions& options, Deadline deadline) {
  const std::string& conninfo =
      config.store_owner_conninfo.empty() ? config.store_conninfo : config.store_owner_conninfo;
  DS_ASSIGN_OR_RETURN(const std::unique_ptr<Connection> session, Open(conninfo, deadline));
  const std::span<const postgres::Migration> steps = postgres::AllMigrations();
  DS_RETURN_IF_ERROR(options.only_looks
                         ? postgres::CheckSchema(*session, steps, deadline)
                         : postgres::Migrate(*session, steps, options.service_role, deadline));
  if (UsesPlace(config, VectorsChoice::kSameDatabase)) {
    DS_RETURN_IF_ERROR(MigrateVectors(*session, options, deadline));
  }
  std::fprintf(stderr,
               "%s has schema version %zu\n",
               postgres::DescriptionOf(conninfo).c_str(),
               steps.size());
  return {};
}

Result<void> MigrateOtherPostgres(const std::string& conninfo,
                                  const MigrateOptions& options,
                                  Deadline deadline) {
  DS_ASSIGN_OR_RETURN(const std::unique_ptr<Connection> session, Open(conninfo, deadline));
  DS_RETURN_IF_ERROR(postgres::CheckHoldsNoRecords(*session, deadline));
  DS_RETURN_IF_ERROR(MigrateVectors(*session, options, deadline));
  std::fprintf(stderr, "%s has the tables of vectors\n", postgres::DescriptionOf(conninfo).c_str());
  return {};
}

std::vector<std::string> OtherDatabasesOf(const Config& config) {
  std::vector<std::string> databases;
  if (config.vectors.choice == VectorsChoice::kOtherPostgres) {
    databases.push_back(config.vectors.conninfo);
  }
  const std::optional<VectorsPlace>& from = config.vectors_from;
  if (from.has_value() && from->choice == VectorsChoice::kOtherPostgres) {
    databases.push_back(from->conninfo);
  }
  return databases;
}

int Migrate(const Config& config, const MigrateOptions& options) {
  const bool has_store = !config.store_conninfo.empty() || !config.store_owner_conninfo.empty();
  const std::vector<std::string> others = OtherDatabasesOf(config);
  if (!has_store && others.empty()) {
    std::fputs(
        "error: --store names no PostgreSQL database; a service with SQLite migrates its "
        "file when it starts\n",
        stderr);
    return static_cast<int>(cli::ExitCode::kConfiguration);
  }
  const Deadline deadline = Deadline::In(kMigrateTimeout);
  Result<void> done;
  if (has_store) done = MigrateStore(config, options, deadline);
  for (const std::string& conninfo : others) {
    if (done.has_value()) done = MigrateOtherPostgres(conninfo, options, deadline);
  }
  return done.has_value() ? static_cast<int>(cli::ExitCode::kOk) : Fail(done.error());
}

}  // namespace

void AddMigrateCommand(cli::LocalCommands& local, ConfigFlags& flags) {
  const auto options = std::make_shared<MigrateOptions>();
  local.commands.push_back(
      {"migrate",
       "Bring the tables of PostgreSQL, of --store, --vectors and --vectors-from, up to date",
       [options, &flags](CLI::App& command) {
         AddConfigFlags(command, flags);
         command
             .add_option("--service-role",
                         options->service_role,
                         "The role that the service uses: it is granted what it needs, and may "
                         "not change or delete history")
             ->type_name("ROLE");
         command.add_flag(
             "--dry-run", options->only_looks, "Change nothing; say what stands in the way");
       },
       [options, &flags] {
         const std::optional<Config> config = LoadConfigOrExplain(flags);
         if (!config.has_value()) return static_cast<int>(cli::ExitCode::kConfiguration);
         return Migrate(*config, *options);
       }});
}

}  // namespace datastorage::app
