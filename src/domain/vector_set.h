// VectorSet: one place that vectors of one space are kept in.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace datastorage {

// Drawn by the record store inside the transaction that uses it; rises.
using Stamp = std::int64_t;
using VectorSetId = std::int64_t;

enum class VectorSetState : std::uint8_t { kFilling, kLive, kRetired };
std::string_view NameOf(VectorSetState state);

struct VectorSet {
  VectorSetId id = 0;
  std::string engine;      // "scan", …
  std::string space;       // Model and template version: vectors of equal spaces are comparable.
  std::string projection;  // Empty: the published vectors as they are.
  VectorSetState state = VectorSetState::kFilling;
};

}  // namespace datastorage
