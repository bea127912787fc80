// VectorSet: one place that vectors of one space are kept in.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace datastorage {

// Drawn by the record store inside the transaction that uses it; rises.
using Stamp = std::int64_t;
using VectorSetId = std::int64_t;

enum class VectorSetState : std::uint8_t {
  kFilling,
  kLive,
  kRetired,
  kPreparing,  // Before kFilling: writes leave rows in it, those of what was there before come yet.
};
std::string_view NameOf(VectorSetState state);
// A set goes from being prepared to being filled, live and retired; it may leave states out, and
// goes no way back.
bool MayBecome(VectorSetState from, VectorSetState to);

// Which pending rows a write leaves in a set that is not retired.
enum class PendingRule : std::uint8_t {
  kWhereEmbeddingIsMissing,  // Record and vector share its transaction or its process.
  kEverySet,                 // The vector travels to another server after the commit.
};
std::string_view NameOf(PendingRule rule);
std::optional<PendingRule> ParsePendingRule(std::string_view name);

struct VectorSet {
  VectorSetId id = 0;
  std::string engine;      // "scan", …
  std::string space;       // Model and template version: vectors of equal spaces are comparable.
  std::string projection;  // Empty: the published vectors as they are.
  // Goes with the set, so that also a writer that has never heard of it leaves its rows.
  PendingRule pending_rule = PendingRule::kWhereEmbeddingIsMissing;
  VectorSetState state = VectorSetState::kFilling;
};

// kConflict: the set is not in the state that a change of it asks for.
Error WrongStateOf(const VectorSet& set);

}  // namespace datastorage
