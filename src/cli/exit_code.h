// Exit codes of the program, from sysexits.h where that has a fitting one.
#pragma once

#include <cstdint>

#include "client/result.h"

namespace datastorage::cli {

enum class ExitCode : std::uint8_t {
  kOk = 0,
  kProblem = 1,       // A problem was found, such as no such record.
  kUsage = 2,         // The command line is wrong.
  kBadInput = 65,     // What was to be stored is refused.
  kUnavailable = 69,  // The service cannot be reached, or the data folder is in use.
  kTryAgain = 75,     // Busy or too slow: the same command may succeed later.
  kConfiguration = 78,
};

// For a failed call. `carries_input`: the request held a record, not just words of the command
// line, so that a refusal is about the record.
ExitCode ExitCodeFor(const client::Error& error, bool carries_input);

}  // namespace datastorage::cli
