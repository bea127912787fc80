// What request headers say: entity tags, preferences, media types, trace context, ids.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "domain/records.h"
#include "engine/dual_writer.h"
#include "http/message.h"
#include "http/problem.h"

namespace datastorage::http {

// "<version>.<p|s|n>" in quotes: changes with the vector's state too, so that a 304 hides nothing.
std::string EntityTag(const Record& record);

// Whether If-None-Match names the record as it is; false when it is absent.
bool IsUnchanged(const Request& request, const Record& record);

// If-Match: any version, or one of these. A tag that cannot be ours matches nothing.
struct VersionCondition {
  bool is_any = false;
  std::vector<std::int64_t> versions;
};
// nullopt when the header is absent.
std::optional<VersionCondition> IfMatch(const Request& request);

struct Preferences {
  std::optional<WriteMode> mode;  // Absent: what the operator chose.
  bool wants_minimal = false;
};
Preferences PreferencesOf(const Request& request);

// The Idempotency-Key of a request, if any; what is wrong with it goes to `errors`.
std::optional<std::string> IdempotencyKeyOf(const Request& request,
                                            std::vector<ProblemError>& errors);
// Empty when the key is 1 to 255 visible ASCII characters.
std::string IdempotencyKeyDefect(std::string_view key);

// The media type in lower case, without parameters; empty when absent. A charset other than UTF-8
// makes it "?".
std::string MediaTypeOf(const Request& request);
// Whether Accept lets an answer of that media type through; yes when it is absent.
bool Accepts(const Request& request, std::string_view media_type);

// W3C trace context.
struct TraceParent {
  std::string trace_id;  // 32 lower-case hex digits.
  std::string flags;     // 2.
};
std::optional<TraceParent> ParseTraceParent(std::string_view text);
// With a new span id.
std::string MakeTraceParent(std::string_view trace_id, std::string_view flags);
std::string MakeTraceId();

// The client's X-Request-Id if it is 1 to 128 visible ASCII characters, else a new one.
std::string RequestIdOf(const Request& request);

}  // namespace datastorage::http
