// The table of options: everything that `serve` can be told.
#pragma once

#include <array>
#include <string>
#include <string_view>

#include "app/config.h"

namespace datastorage::app {

struct OptionDescription {
  std::string_view name;
  std::string_view value_name;     // In help, such as "HOST:PORT".
  std::string_view default_value;  // As text; empty: found at start, see `description`.
  std::string_view description;
  // Sets its member of the Config; gives what is wrong with the text, or nothing.
  std::string (*apply)(const std::string& text, Config& config);
};

inline constexpr int kOptionCount = 19;
const std::array<OptionDescription, kOptionCount>& Options();

// "log-level" to "DATASTORAGE_LOG_LEVEL".
std::string EnvironmentNameOf(std::string_view option);

// Where the model lies when nobody says: the first of .deps/minilm in the current folder and in
// those above the program that exists, else .deps/minilm.
std::string DefaultModelDirectory();

}  // namespace datastorage::app
