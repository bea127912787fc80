#include "http/problem.h"

#include <array>

#include "base/log.h"

namespace datastorage::http {
namespace {

using schema::Json;

constexpr std::array<ProblemDescription, kProblemCount> kProblems{{
    {"not-json", 400, "The body is not JSON"},
    {"invalid-record", 422, "The record breaks rules"},
    {"invalid-request", 422, "The request body breaks rules"},
    {"bad-parameter", 400, "A parameter is unknown or has a bad value"},
    {"bad-header", 400, "A header has a bad value"},
    {"no-such-route", 404, "There is nothing at this path"},
    {"no-such-record", 404, "There is no such record"},
    {"method-not-allowed", 405, "The method is not allowed here"},
    {"not-acceptable", 406, "No answer in an accepted media type"},
    {"unsupported-media-type", 415, "The body's media type is not understood"},
    {"conflict", 409, "The natural key holds other content"},
    {"erased", 409, "The natural key belonged to a record that was erased"},
    {"gone", 410, "The record was erased"},
    {"illegal-phase", 409, "The phase may not follow the current one"},
    {"key-busy", 409, "A request with this idempotency key is still running"},
    {"key-reused", 422, "The idempotency key was used for another request"},
    {"stale", 412, "The record has another version by now"},
    {"if-match-required", 428, "If-Match is required"},
    {"not-attempted", 424, "Not stored, because a neighbour in the batch failed"},
    {"batch-refused", 422, "The atomic batch was not stored"},
    {"busy", 409, "Another run of this is under way"},
    {"bad-framing", 400, "The request is not well-formed HTTP"},
    {"too-slow", 408, "The request did not arrive in time"},
    {"body-too-large", 413, "The body is too large"},
    {"uri-too-long", 414, "The request target is too long"},
    {"header-too-large", 431, "The request head is too large"},
    {"overloaded", 503, "The service is at its limit"},
    {"unavailable", 503, "The service cannot do this now"},
    {"deadline-exceeded", 503, "The request took too long"},
    {"outcome-unknown", 503, "Whether it was stored is not known"},
    {"internal", 500, "The service failed"},
}};
static_assert(static_cast<int>(Problem::kInternal) + 1 == kProblemCount);
static_assert(!kProblems.back().slug.empty(), "a problem has no description");

// The one table from codes to problems.
Problem ProblemOf(ErrorCode code) {
  switch (code) {
    case ErrorCode::kInvalidArgument: return Problem::kInvalidRequest;
    case ErrorCode::kNotFound: return Problem::kNoSuchRecord;
    case ErrorCode::kConflict: return Problem::kConflict;
    case ErrorCode::kResourceExhausted: return Problem::kOverloaded;
    case ErrorCode::kUnavailable: return Problem::kUnavailable;
    case ErrorCode::kDeadlineExceeded: return Problem::kDeadlineExceeded;
    case ErrorCode::kOutcomeUnknown: return Problem::kOutcomeUnknown;
    case ErrorCode::kInternal: return Problem::kInternal;
  }
  return Problem::kInternal;
}

Problem ProblemOf(const Refusal& refusal) {
  switch (refusal.status) {
    case 408: return Problem::kTooSlow;
    case 413: return Problem::kBodyTooLarge;
    case 414: return Problem::kUriTooLong;
    case 431: return Problem::kHeaderTooLarge;
    case 503: return Problem::kOverloaded;
    default: return Problem::kBadFraming;
  }
}

Json ToJson(const ProblemError& error) {
  Json json = Json::Object();
  if (!error.parameter.empty()) {
    json.Add("parameter", Json::String(error.parameter));
  } else if (!error.header.empty()) {
    json.Add("header", Json::String(error.header));
  } else {
    json.Add("pointer", Json::String(error.pointer));
  }
  if (error.position.has_value()) json.Add("position", Json::Integer(*error.position));
  json.Add("code", Json::String(error.code));
  json.Add("message", Json::String(error.message));
  return json;
}

}  // namespace

const ProblemDescription& Describe(Problem problem) {
  return kProblems[static_cast<std::size_t>(problem)];
}

ProblemReport ReportOf(Problem problem, std::string detail) {
  ProblemReport report;
  report.problem = problem;
  report.detail = std::move(detail);
  return report;
}

ProblemReport WriteReportOf(Problem problem, std::string detail) {
  ProblemReport report = ReportOf(problem, std::move(detail));
  report.outcome = WriteEffect::kNone;
  return report;
}

ProblemReport ReportOf(const Error& error) {
  ProblemReport report;
  report.problem = ProblemOf(error.code);
  report.detail = error.message;
  if (report.problem == Problem::kInternal) {
    Log(LogLevel::kError, "request failed", {{"reason", error.message}});
    report.detail = "the log tells more under this request id";
  }
  return report;
}

ProblemReport WriteReportOf(const Error& error) {
  ProblemReport report = ReportOf(error);
  const bool is_unknown =
      error.code == ErrorCode::kOutcomeUnknown || error.code == ErrorCode::kInternal;
  report.outcome = is_unknown ? WriteEffect::kUnknown : WriteEffect::kNone;
  return report;
}

ProblemReport ReportOf(const Refusal& refusal) {
  ProblemReport report;
  report.problem = ProblemOf(refusal);
  report.detail = refusal.detail;
  report.outcome = WriteEffect::kNone;
  return report;
}

Json ToJson(const ProblemReport& report, std::string_view request_id) {
  const ProblemDescription& description = Describe(report.problem);
  Json json = Json::Object();
  json.Add("type", Json::String("/problems/" + std::string(description.slug)));
  json.Add("title", Json::String(description.title));
  json.Add("status", Json::Integer(description.status));
  if (!report.detail.empty()) json.Add("detail", Json::String(report.detail));
  if (!request_id.empty()) json.Add("instance", Json::String(request_id));
  if (!report.errors.empty()) {
    Json errors = Json::Array();
    for (const ProblemError& error : report.errors) errors.Add(ToJson(error));
    json.Add("errors", std::move(errors));
  }
  if (report.existing_id.has_value()) {
    json.Add("existing_id", Json::String(report.existing_id->ToString()));
  }
  if (report.outcome != WriteEffect::kNotAWrite) {
    json.Add("outcome", Json::String(report.outcome == WriteEffect::kNone ? "none" : "unknown"));
  }
  return json;
}

Response ToResponse(const ProblemReport& report, std::string_view request_id) {
  Response response;
  response.status = Describe(report.problem).status;
  response.headers = report.headers;
  response.headers.push_back({"Content-Type", "application/problem+json"});
  const bool is_worth_retrying = response.status == 503 || report.problem == Problem::kKeyBusy;
  if (is_worth_retrying) response.headers.push_back({"Retry-After", "1"});
  response.body = ToText(ToJson(report, request_id));
  return response;
}

}  // namespace datastorage::http
