// Completion scripts for shells, made from the commands and options that the program has.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "cli/cli11_forward.h"

namespace datastorage::cli {

// `shell` is bash, zsh or fish; nullopt for another.
std::optional<std::string> CompletionScript(const CLI::App& app, std::string_view shell);

}  // namespace datastorage::cli
