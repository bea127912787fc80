// How answers and failures become the client's errors.
#include <charconv>

#include "client/transport.h"
#include "schema/json.h"

namespace datastorage::client {
namespace {

ErrorKind KindOfStatus(int status) {
  switch (status) {
    case 404:
    case 410: return ErrorKind::kNotFound;
    case 409:
    case 412:
    case 428: return ErrorKind::kConflict;
    case 408:
    case 429:
    case 503:
    case 504: return ErrorKind::kTryAgain;
    default: return status >= 500 ? ErrorKind::kServer : ErrorKind::kRefused;
  }
}

std::string TextOf(const schema::Json& json, std::string_view name) {
  const schema::Json* found = json.Find(name);
  return found != nullptr && found->type == schema::JsonType::kString ? found->text : std::string();
}

Violation ViolationFrom(const schema::Json& json) {
  std::string where = TextOf(json, "pointer");
  if (where.empty()) where = TextOf(json, "parameter");
  if (where.empty()) where = TextOf(json, "header");
  return {std::move(where), TextOf(json, "code"), TextOf(json, "message")};
}

}  // namespace

std::string Describe(const Error& error) {
  std::string text = error.message;
  for (const Violation& violation : error.violations) {
    text += "\n  ";
    if (!violation.where.empty()) text += violation.where + ": ";
    text += violation.message.empty() ? violation.code : violation.message;
  }
  return text;
}

Error ErrorFromProblem(int status, std::string_view problem_json) {
  Error error;
  error.status = status;
  error.kind = KindOfStatus(status);
  const auto parsed = schema::ParseJson(problem_json);
  if (!parsed.has_value() || parsed->value.type != schema::JsonType::kObject) {
    error.message = "the server answered " + std::to_string(status);
    // An error of ours is a problem document; a proxy's page or another program's is not.
    if (error.kind != ErrorKind::kTryAgain) error.kind = ErrorKind::kProtocol;
    return error;
  }
  const schema::Json& problem = parsed->value;
  const std::string title = TextOf(problem, "title");
  const std::string detail = TextOf(problem, "detail");
  error.message = detail.empty() ? title : detail;
  if (error.message.empty()) error.message = "the server answered " + std::to_string(status);
  error.request_id = TextOf(problem, "instance");
  if (TextOf(problem, "outcome") == "unknown") error.kind = ErrorKind::kOutcomeUnknown;
  if (const schema::Json* violations = problem.Find("errors")) {
    for (const schema::Json& violation : violations->elements) {
      error.violations.push_back(ViolationFrom(violation));
    }
  }
  return error;
}

Error ErrorFromResponse(const net::HttpResponse& response) {
  Error error = ErrorFromProblem(response.status, response.body);
  if (const std::string* id = response.FindHeader("X-Request-Id")) error.request_id = *id;
  if (const std::string* after = response.FindHeader("Retry-After")) {
    int seconds = 0;
    const auto [end, failure] =
        std::from_chars(after->data(), after->data() + after->size(), seconds);
    const bool is_number = failure == std::errc() && end == after->data() + after->size();
    if (is_number && seconds >= 0) error.retry_after_seconds = seconds;
  }
  // An equal request is running: its answer will be ours.
  if (error.status == 409 && error.retry_after_seconds) error.kind = ErrorKind::kTryAgain;
  return error;
}

Error ErrorFromTransport(const datastorage::Error& error, const std::string& server) {
  Error out;
  out.message = server + ": " + error.message;
  switch (error.code) {
    case ErrorCode::kUnavailable: out.kind = ErrorKind::kUnreachable; break;
    case ErrorCode::kDeadlineExceeded: out.kind = ErrorKind::kTryAgain; break;
    case ErrorCode::kOutcomeUnknown: out.kind = ErrorKind::kOutcomeUnknown; break;
    case ErrorCode::kInvalidArgument: out.kind = ErrorKind::kRefused; break;
    case ErrorCode::kResourceExhausted:
    case ErrorCode::kNotFound:
    case ErrorCode::kConflict:
    case ErrorCode::kInternal: out.kind = ErrorKind::kProtocol; break;
  }
  return out;
}

}  // namespace datastorage::client
