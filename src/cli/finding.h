// Finding: what one check of `doctor` saw.
#pragma once

#include <cstdint>
#include <string>

namespace datastorage::cli {

enum class FindingState : std::uint8_t {
  kOk,
  kWarning,  // Works, but less than it could.
  kProblem,  // Makes doctor exit with 1.
};

struct Finding {
  FindingState state = FindingState::kOk;
  std::string check;      // What was looked at, such as "data folder".
  std::string detail;     // What was found; for a problem, its cause.
  std::string next_step;  // What to do about it; empty when all is well.
};

}  // namespace datastorage::cli
