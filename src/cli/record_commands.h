// The commands about single records and lists of them: record, get, patch, list, history.
#pragma once

#include "cli/session.h"

namespace datastorage::cli {

// Adds the commands; parsing one of them sets `chosen`, which must outlive `app`.
void AddRecordCommands(CLI::App& app, Action& chosen);

}  // namespace datastorage::cli
