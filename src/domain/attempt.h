// Attempts: what a writer asks whose commit was not answered.
#pragma once

#include <cstdint>

#include "base/uuid.h"
#include "domain/records.h"
#include "domain/vector_set.h"

namespace datastorage {

// The transaction that wrote one version, or the erasure, of a record.
struct AttemptRef {
  RecordId id;
  Uuid attempt;
};

struct AttemptOutcome {
  bool is_committed = false;
  std::int64_t version = 0;  // That the attempt wrote; of an erasure, the last one.
  Stamp stamp = 0;           // The record's now, which is no lower than the attempt's.
};

}  // namespace datastorage
