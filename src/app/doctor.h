// What only this machine can tell `datastorage doctor`: configuration, data folder, model files.
#pragma once

#include <string>
#include <vector>

#include "app/config.h"
#include "cli/finding.h"
#include "cli/run.h"

namespace datastorage::app {

// Gives `doctor` the options of `serve` and these checks; `flags` must outlive the command line.
void AddDoctorChecks(cli::LocalCommands& local, ConfigFlags& flags);

std::vector<cli::Finding> CheckConfiguration(const LoadedConfig& loaded);

// Whether the folder exists or can be made, can be written, has room, and who uses it. Changes
// nothing, but holds the folder's lock for a moment when it is free.
std::vector<cli::Finding> CheckDataDirectory(const std::string& directory);

// Whether the database of --store answers and has the schema of this program, and what it warns of.
std::vector<cli::Finding> CheckDatabase(const Config& config);

// Whether the servers of --vectors and of --vectors-from, where they are servers of their own,
// answer and can be used.
std::vector<cli::Finding> CheckVectors(const Config& config);

// Whether the shared cache answers, where one is configured. Its loss costs time only: a warning.
cli::Finding CheckCache(const Config& config);

// Opens the embedder as `serve` would; takes about half a second for the model.
cli::Finding CheckEmbedder(const Config& config);

}  // namespace datastorage::app
