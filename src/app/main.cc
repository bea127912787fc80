// The one binary: the service and every command.
#include <optional>

#include "app/config.h"
#include "app/config_commands.h"
#include "app/doctor.h"
#include "app/export_legacy_command.h"
#include "app/migrate_command.h"
#include "app/restore_command.h"
#include "app/serve.h"
#include "app/version.h"
#include "cli/exit_code.h"
#include "cli/run.h"

int main(int argc, char** argv) {
  namespace app = datastorage::app;
  namespace cli = datastorage::cli;

  app::ConfigFlags flags;
  cli::LocalCommands local;
  local.version = app::kVersion;
  local.commands.push_back({"serve",
                            "Run the service until SIGTERM",
                            [&](CLI::App& command) { app::AddConfigFlags(command, flags); },
                            [&] {
                              const std::optional<app::Config> config =
                                  app::LoadConfigOrExplain(flags);
                              if (!config.has_value()) {
                                return static_cast<int>(cli::ExitCode::kConfiguration);
                              }
                              return app::Serve(*config);
                            }});
  app::AddRestoreCommand(local);
  app::AddMigrateCommand(local, flags);
  app::AddExportLegacyCommand(local);
  app::AddConfigCommands(local, flags);
  app::AddDoctorChecks(local, flags);
  return cli::RunCommandLine(argc, argv, local);
}
