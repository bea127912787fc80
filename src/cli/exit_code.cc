#include "cli/exit_code.h"

namespace datastorage::cli {

ExitCode ExitCodeFor(const client::Error& error, bool carries_input) {
  switch (error.kind) {
    case client::ErrorKind::kUnreachable:
    case client::ErrorKind::kProtocol: return ExitCode::kUnavailable;
    case client::ErrorKind::kTryAgain:
    case client::ErrorKind::kOutcomeUnknown: return ExitCode::kTryAgain;
    case client::ErrorKind::kRefused: return carries_input ? ExitCode::kBadInput : ExitCode::kUsage;
    case client::ErrorKind::kConflict:
      return carries_input ? ExitCode::kBadInput : ExitCode::kProblem;
    case client::ErrorKind::kNotFound:
    case client::ErrorKind::kServer: return ExitCode::kProblem;
  }
  return ExitCode::kProblem;
}

}  // namespace datastorage::cli
