// `reindex`: moves searches to another vector engine, tells how far that is, gives it up, or waits
// for its end.
#pragma once

#include "cli/session.h"

namespace datastorage::cli {

// Adds the command to `app`; parsing it sets `chosen`.
void AddReindex(CLI::App& app, Action& chosen);

}  // namespace datastorage::cli
