// `datastorage restore FILE --data DIR`: puts a backup in the place of the database, while no
// service runs on the folder.
#pragma once

#include "cli/run.h"

namespace datastorage::app {

void AddRestoreCommand(cli::LocalCommands& local);

}  // namespace datastorage::app
