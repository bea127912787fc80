// The commands of operators that ask the running service: erase, reconcile, backup.
#pragma once

#include "cli/session.h"

namespace datastorage::cli {

// Adds the commands; parsing one of them sets `chosen`, which must outlive `app`.
void AddAdminCommands(CLI::App& app, Action& chosen);

}  // namespace datastorage::cli
