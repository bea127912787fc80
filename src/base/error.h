// Error: why an operation failed. Callers branch on the code; people read the
// message; nobody parses it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace datastorage {

enum class ErrorCode : std::uint8_t {
  kInvalidArgument,    // The caller must change the request.        -> 400, 422
  kNotFound,           // No such record.                            -> 404
  kConflict,           // Same key, different content.               -> 409
  kResourceExhausted,  // A limit in base/limits.h was reached.      -> 503, 429
  kUnavailable,        // A dependency is down; a retry may succeed. -> 503
  kDeadlineExceeded,   // The deadline passed; nothing was changed.  -> 503
  kOutcomeUnknown,     // It may have been changed; retry by key.    -> 503
  kInternal,           // A bug or corrupt data; details are logged. -> 500
};

// The code in snake_case, such as "not_found"; used in logs and metric labels.
std::string_view NameOf(ErrorCode code);

// `message` is a lower-case phrase without a trailing period. It may reach the
// client of an API, so it never holds a driver's text, SQL, a path or a secret.
struct Error {
  ErrorCode code;
  std::string message;
};

inline Error InvalidArgument(std::string message) {
  return {ErrorCode::kInvalidArgument, std::move(message)};
}
inline Error NotFound(std::string message) {
  return {ErrorCode::kNotFound, std::move(message)};
}
inline Error Conflict(std::string message) {
  return {ErrorCode::kConflict, std::move(message)};
}
inline Error ResourceExhausted(std::string message) {
  return {ErrorCode::kResourceExhausted, std::move(message)};
}
inline Error Unavailable(std::string message) {
  return {ErrorCode::kUnavailable, std::move(message)};
}
inline Error DeadlineExceeded(std::string message) {
  return {ErrorCode::kDeadlineExceeded, std::move(message)};
}
inline Error OutcomeUnknown(std::string message) {
  return {ErrorCode::kOutcomeUnknown, std::move(message)};
}
inline Error Internal(std::string message) {
  return {ErrorCode::kInternal, std::move(message)};
}

}  // namespace datastorage
