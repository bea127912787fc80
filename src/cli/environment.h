// The process's environment as a value, read once where a command starts: nothing deeper reads it.
#pragma once

#include <functional>
#include <map>
#include <string>

namespace datastorage::cli {

using Environment = std::map<std::string, std::string, std::less<>>;

Environment ProcessEnvironment();

}  // namespace datastorage::cli
