// A creation on its way through DualWriter, and what came of sending it. Included by its two files
// only.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/dual_writer.h"

namespace datastorage {

// A creation on its way.
struct DualWriter::Draft {
  CreateOp operation;  // Empty once it is handed to the commit.
  RecordId id;
  std::optional<std::string> text;
  VectorWrite vector;  // To be sent as soon as it has a stamp.
  std::optional<Stamp> intent;
  bool is_embedded = false;
  bool is_held = false;  // By the index that answers searches.
  bool is_held_by_all = true;
  PendingReason reason = PendingReason::kNotYet;
  std::optional<Result<WriteOutcome>> result;  // Final.

  bool IsSendable() const { return vector.embedding.has_value() && vector.stamp != 0; }
  bool IsCreated() const {
    return result.has_value() && result->has_value() && (*result)->status == WriteStatus::kCreated;
  }
};

// What came of sending drafts to one index.
struct DualWriter::Sent {
  VectorPlace place;
  std::vector<const Draft*> held;
  std::vector<RecordId> refused;
};

}  // namespace datastorage
