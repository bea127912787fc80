// What is said of a word that is no command.
#pragma once

#include <string>
#include <string_view>

#include "cli/cli11_forward.h"

namespace datastorage::cli {

// As it is called: "datastorage config print".
std::string PathOf(const CLI::App& app);

// Names the command of `app` that `word` was probably meant to be, if one is near, and the way to
// the list of all.
std::string UnknownCommandText(const CLI::App& app, std::string_view word);

}  // namespace datastorage::cli
