// Problems (RFC 9457): every way in which the API says no. The list is closed and documented in
// docs/errors.md; clients branch on `type` and on the codes inside `errors`.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "domain/records.h"
#include "http/message.h"
#include "schema/json.h"

namespace datastorage::http {

enum class Problem : std::uint8_t {
  kNotJson,
  kInvalidRecord,
  kInvalidRequest,
  kBadParameter,
  kBadHeader,
  kNoSuchRoute,
  kNoSuchRecord,
  kMethodNotAllowed,
  kNotAcceptable,
  kUnsupportedMediaType,
  kConflict,
  kErased,
  kGone,
  kIllegalPhase,
  kKeyBusy,
  kKeyReused,
  kStale,
  kIfMatchRequired,
  kNotAttempted,
  kBatchRefused,
  kBusy,
  kBadFraming,
  kTooSlow,
  kBodyTooLarge,
  kUriTooLong,
  kHeaderTooLarge,
  kOverloaded,
  kUnavailable,
  kDeadlineExceeded,
  kOutcomeUnknown,
  kInternal,
};
inline constexpr int kProblemCount = 31;

struct ProblemDescription {
  std::string_view slug;  // `type` is "/problems/" and this.
  int status;
  std::string_view title;
};
const ProblemDescription& Describe(Problem problem);

// One thing that is wrong: where (exactly one of the three, or none for the whole), and how.
struct ProblemError {
  std::string pointer;    // RFC 6901, into the JSON body.
  std::string parameter;  // Of the query or the path.
  std::string header;
  std::optional<int> position;  // Code points into the parameter's value.
  std::string code;
  std::string message;
};

enum class WriteEffect : std::uint8_t { kNotAWrite, kNone, kUnknown };

struct ProblemReport {
  Problem problem = Problem::kInternal;
  std::string detail;
  std::vector<ProblemError> errors;
  std::optional<RecordId> existing_id;
  WriteEffect outcome = WriteEffect::kNotAWrite;
  std::vector<Header> headers;  // Beside Content-Type.
};

// The second is of a write of which nothing was done.
ProblemReport ReportOf(Problem problem, std::string detail);
ProblemReport WriteReportOf(Problem problem, std::string detail);

// The problem that an Error of the engine is, with its message as the detail; a bug's stays in the
// log.
ProblemReport ReportOf(const Error& error);
// The same for a write, with its outcome.
ProblemReport WriteReportOf(const Error& error);

schema::Json ToJson(const ProblemReport& report, std::string_view request_id);
Response ToResponse(const ProblemReport& report, std::string_view request_id);

// What a server's refusal is; its reasons are those of server and connection. With the outcome of a
// write, which it may have been: nothing was done.
ProblemReport ReportOf(const Refusal& refusal);

}  // namespace datastorage::http
