// HealthProbe: asks a dependency whether it can do its work now.
#pragma once

#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

namespace datastorage {

// What does not keep the dependency from its work yet, and should be seen to before it does.
struct HealthWarning {
  std::string code;    // Such as "disk_nearly_full".
  std::string reason;  // For people.
};

class HealthProbe {
 public:
  virtual ~HealthProbe() = default;

  // Does the least that proves the dependency works, such as a durable write of one row.
  // Errors: kUnavailable, kDeadlineExceeded, with a message that an operator may read.
  virtual Result<void> Check(Deadline deadline) = 0;

  // The most urgent first. For now and then: it may cost more than Check. Errors: as Check.
  virtual Result<std::vector<HealthWarning>> Warnings(Deadline) {
    return std::vector<HealthWarning>();
  }
};

}  // namespace datastorage
