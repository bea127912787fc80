// `datastorage config print` and `config check`.
#pragma once

#include <ostream>

#include "app/config.h"
#include "cli/run.h"

namespace datastorage::app {

// Adds both commands; `flags` must outlive the run of the command line.
void AddConfigCommands(cli::LocalCommands& local, ConfigFlags& flags);

// Prints every option with its value and where that came from, as YAML with comments, so that the
// output can be used as a file.
void PrintConfig(const LoadedConfig& loaded, std::ostream& out);

}  // namespace datastorage::app
