// HealthProbe: asks a dependency whether it can do its work now.
#pragma once

#include "base/clock.h"
#include "base/result.h"

namespace datastorage {

class HealthProbe {
 public:
  virtual ~HealthProbe() = default;

  // Does the least that proves the dependency works, such as a durable write of one row.
  // Errors: kUnavailable, kDeadlineExceeded, with a message that an operator may read.
  virtual Result<void> Check(Deadline deadline) = 0;
};

}  // namespace datastorage
