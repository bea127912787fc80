// What this program calls itself, from CMake's project().
#pragma once

#include <string_view>

namespace datastorage::app {

inline constexpr std::string_view kVersion = DS_VERSION;
inline constexpr std::string_view kCompiler = "gcc " __VERSION__;

}  // namespace datastorage::app
