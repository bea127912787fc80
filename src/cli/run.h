// The command line: one program, its client commands here, its local ones handed in.
//
// This folder may not see app/, so what needs stores, models or configuration comes as functions.
// The program's main is
//
//   app::ConfigFlags flags;                      // Outlives RunCommandLine.
//   cli::LocalCommands local;
//   local.version = "0.1.0";
//   local.commands.push_back({"serve", "Run the service",
//                             [&](CLI::App& app) { app::AddConfigFlags(app, flags); },
//                             [&] { return Serve(flags); }});
//   app::AddConfigCommands(local, flags);        // config print, config check
//   app::AddDoctorChecks(local, flags);
//   return cli::RunCommandLine(argc, argv, local);
//
// where Serve begins with
//
//   const std::optional<app::Config> config = app::LoadConfigOrExplain(flags);
//   if (!config) return static_cast<int>(cli::ExitCode::kConfiguration);
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "cli/cli11_forward.h"
#include "cli/finding.h"

namespace datastorage::cli {

struct LocalCommand {
  std::string name;                            // "serve"; "config print" is `print` under `config`.
  std::string description;                     // For the list of commands.
  std::function<void(CLI::App&)> add_options;  // May be empty. Called once, before parsing.
  // Runs after parsing, when the command was chosen; gives the exit code.
  std::function<int()> run;
};

struct LocalCommands {
  std::string version;
  std::vector<LocalCommand> commands;
  // What only this machine can tell `doctor`: model files, data folder, configuration.
  std::function<void(CLI::App&)> add_doctor_options;    // May be empty.
  std::function<std::vector<Finding>()> doctor_checks;  // May be empty.
};

// Parses, runs one command and gives the process's exit code (cli/exit_code.h). Data goes to
// standard output, talk to standard error.
int RunCommandLine(int argc, const char* const* argv, const LocalCommands& local);

}  // namespace datastorage::cli
