// The commands that move many records: import, export.
#pragma once

#include "cli/session.h"

namespace datastorage::cli {

// Adds the commands; parsing one of them sets `chosen`, which must outlive `app`.
void AddTransferCommands(CLI::App& app, Action& chosen);

}  // namespace datastorage::cli
