// The commands that find by meaning: search, similar.
#pragma once

#include "cli/session.h"

namespace datastorage::cli {

// Adds the commands; parsing one of them sets `chosen`, which must outlive `app`.
void AddSearchCommands(CLI::App& app, Action& chosen);

}  // namespace datastorage::cli
