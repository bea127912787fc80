// Validation: from JSON to a record body, or every violation of the request at once.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/sha256.h"
#include "domain/records.h"
#include "schema/json.h"

namespace datastorage::schema {

struct Violation {
  std::string pointer;  // RFC 6901, such as "/end_time".
  std::string code;  // A closed list in docs/errors.md: "required", "too_long", "not_allowed", …
  std::string message;
};

struct ParsedBody {
  std::optional<RecordBody> body;  // Exactly when there are no violations.
  // In field order; unknown members last, as sent. At most limits::kViolationCountMax; the last
  // one says so if there are more.
  std::vector<Violation> violations;
  // Equal for equal content as sent: null = absent, defaults filled in, before a computed
  // `duration` and before a `trace_id` from a header.
  Sha256 content_hash{};
};

// Equal for contents that mean the same: absent members count as absent, metadata is compared as a
// JSON value (member order and the spelling of numbers do not matter).
Sha256 ContentHash(const RecordBody& body);

// The body of a create request. Computes `duration` from both times when absent.
ParsedBody ParseCreate(RecordKind kind, const ParsedJson& document);

struct ParsedPatch {
  std::optional<RecordBody> body;  // The whole record after the patch.
  std::vector<Violation> violations;
  bool changes_nothing = false;  // The patch names no member, or only values that stand already.
};

// JSON Merge Patch (RFC 7396) of updatable members; others are violations ("not_updatable").
// Nested metadata is merged too, also when it comes as a string that holds an object.
// `duration` follows a changed `end_time` unless it is given too: computed anew, or absent with it.
// A phase that may not follow the current one is not a violation here: ask PhaseMayFollow.
ParsedPatch ApplyPatch(const RecordBody& current, const ParsedJson& patch);

// Whether an update may go from the phase of `from` to that of `to`; true for kinds without one.
bool PhaseMayFollow(const RecordBody& from, const RecordBody& to);

}  // namespace datastorage::schema
