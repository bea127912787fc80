// What a call of the client library gives back. Stands on the standard library alone, as every
// public header of this folder does.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace datastorage::client {

enum class ErrorKind : std::uint8_t {
  kUnreachable,  // No connection; nothing was done.
  kTryAgain,     // The server is busy or was too slow, and retries were used up; nothing was done.
  kOutcomeUnknown,  // A write was sent and no answer came: repeat it with the same key.
  kRefused,         // The request is wrong, and stays wrong: see `violations`.
  kNotFound,        // No such record, or it was erased.
  kConflict,        // The record is another than the caller believed: 409, 412, 428.
  kServer,          // The server failed.
  kProtocol,        // What answered does not speak this API.
};

struct Violation {
  std::string where;  // A JSON Pointer, or the name of a query parameter or header.
  std::string code;
  std::string message;
};

struct Error {
  ErrorKind kind = ErrorKind::kServer;
  int status = 0;          // Of HTTP; 0 when there was no answer.
  std::string message;     // For people.
  std::string request_id;  // Finds the request in the server's log.
  std::vector<Violation> violations;
  std::optional<int> retry_after_seconds;
};

// The whole error as text for people: the message, then one violation a line.
std::string Describe(const Error& error);

// A T or an Error.
template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : content_(std::move(value)) {}      // NOLINT(google-explicit-constructor)
  Result(Error error) : content_(std::move(error)) {}  // NOLINT(google-explicit-constructor)

  bool has_value() const { return content_.index() == 0; }
  explicit operator bool() const { return has_value(); }
  // REQUIRES: has_value().
  T& operator*() { return std::get<0>(content_); }
  const T& operator*() const { return std::get<0>(content_); }
  T* operator->() { return &std::get<0>(content_); }
  const T* operator->() const { return &std::get<0>(content_); }
  // REQUIRES: !has_value().
  const Error& error() const { return std::get<1>(content_); }

 private:
  std::variant<T, Error> content_;
};

}  // namespace datastorage::client
