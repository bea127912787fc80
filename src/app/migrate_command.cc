#include "app/migrate_command.h"

#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>

#include "cli/exit_code.h"
#include "postgres/address.h"
#include "postgres/migrate.h"
#include "postgres/pgvector_schema.h"

namespace datastorage::app {
namespace {

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

int Migrate(const Config& config, const MigrateOptions& options) {
  const std::string& conninfo =
      config.store_owner_conninfo.empty() ? config.store_conninfo : config.store_owner_conninfo;
  if (conninfo.empty()) {
    std::fputs(
        "error: --store names no PostgreSQL database; a service with SQLite migrates its "
        "file when it starts\n",
        stderr);
    return static_cast<int>(cli::ExitCode::kConfiguration);
  }
  const Deadline deadline = Deadline::In(kMigrateTimeout);
  const auto session = postgres::Connection::Open({.conninfo = conninfo}, deadline);
  if (!session.has_value()) return Fail(session.error());
  const std::string place = postgres::DescriptionOf(conninfo);
  const std::span<const postgres::Migration> steps = postgres::AllMigrations();
  Result<void> done = options.only_looks
                          ? postgres::CheckSchema(**session, steps, deadline)
                          : postgres::Migrate(**session, steps, options.service_role, deadline);
  if (done.has_value() && config.has_pgvector) {
    done = options.only_looks
               ? postgres::CheckPgvector(**session, deadline)
               : postgres::InstallPgvector(**session, options.service_role, deadline);
  }
  if (!done.has_value()) return Fail(done.error());
  std::fprintf(stderr, "%s has schema version %zu\n", place.c_str(), steps.size());
  return static_cast<int>(cli::ExitCode::kOk);
}

}  // namespace

void AddMigrateCommand(cli::LocalCommands& local, ConfigFlags& flags) {
  const auto options = std::make_shared<MigrateOptions>();
  local.commands.push_back(
      {"migrate",
       "Bring the tables of a PostgreSQL store up to date",
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
