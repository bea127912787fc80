#include "app/restore_command.h"

#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>

#include "cli/exit_code.h"
#include "sqlite/backup.h"

namespace datastorage::app {
namespace {

struct RestoreOptions {
  std::string file;
  std::string directory;
  bool replaces = false;
};

cli::ExitCode ExitCodeFor(ErrorCode code) {
  switch (code) {
    case ErrorCode::kInvalidArgument:
    case ErrorCode::kNotFound: return cli::ExitCode::kBadInput;
    case ErrorCode::kUnavailable:
    case ErrorCode::kDeadlineExceeded:
    case ErrorCode::kResourceExhausted: return cli::ExitCode::kUnavailable;
    case ErrorCode::kConflict:
    case ErrorCode::kOutcomeUnknown:
    case ErrorCode::kInternal: break;
  }
  return cli::ExitCode::kProblem;
}

int Restore(const RestoreOptions& options) {
  const Result<BackupReport> restored =
      sqlite::RestoreBackup(options.file, options.directory, options.replaces);
  if (!restored.has_value()) {
    std::fprintf(stderr, "error: %s\n", restored.error().message.c_str());
    return static_cast<int>(ExitCodeFor(restored.error().code));
  }
  std::fprintf(stderr,
               "restored %lld records (schema version %d) into %s\n",
               static_cast<long long>(restored->record_count),
               restored->schema_version,
               options.directory.c_str());
  return static_cast<int>(cli::ExitCode::kOk);
}

}  // namespace

void AddRestoreCommand(cli::LocalCommands& local) {
  const auto options = std::make_shared<RestoreOptions>();
  local.commands.push_back(
      {"restore",
       "Put a backup in place of the database, while no service runs",
       [options](CLI::App& command) {
         command.add_option("FILE", options->file, "The backup")->required()->type_name("");
         command.add_option("--data", options->directory, "The data folder")
             ->required()
             ->type_name("DIR");
         command.add_flag("--force", options->replaces, "Replace the database that is there");
       },
       [options] { return Restore(*options); }});
}

}  // namespace datastorage::app
