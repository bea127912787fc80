// `datastorage serve`: runs the service until SIGTERM or SIGINT.
#pragma once

#include "app/config.h"

namespace datastorage::app {

// Returns the exit code of the process (cli/exit_code.h). Blocks until a signal ends it.
int Serve(const Config& config);

}  // namespace datastorage::app
