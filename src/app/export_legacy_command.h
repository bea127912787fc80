// `datastorage export-legacy DATABASE`: the records of a database of the Go original, as lines for
// `datastorage import`.
#pragma once

#include "cli/run.h"

namespace datastorage::app {

void AddExportLegacyCommand(cli::LocalCommands& local);

}  // namespace datastorage::app
