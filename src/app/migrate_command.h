// `datastorage migrate`: brings the schema of a PostgreSQL store up to date as the role that owns
// it, and grants the service's role what it needs. A service whose role owns the tables does so
// itself when it starts.
#pragma once

#include "app/config.h"
#include "cli/run.h"

namespace datastorage::app {

void AddMigrateCommand(cli::LocalCommands& local, ConfigFlags& flags);

}  // namespace datastorage::app
