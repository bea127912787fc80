#include "http/dispatcher.h"

#include <algorithm>
#include <array>

#include "base/limits.h"
#include "base/log.h"
#include "http/header_values.h"
#include "http/query_parameters.h"

namespace datastorage::http {
namespace {

constexpr std::array<std::string_view, 7> kMethods{
    "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"};
// Of a request that should have no body; what comes is ignored.
constexpr std::size_t kIgnoredBodyByteCountMax = 64u << 10;

std::string_view SplitSegment(std::string_view& path) {
  path.remove_prefix(1);
  const std::size_t end = std::min(path.find('/'), path.size());
  const std::string_view segment = path.substr(0, end);
  path.remove_prefix(end);
  return segment;
}

enum class PathMatch : std::uint8_t { kNo, kYes, kBadEncoding };

// Fills in kind and id as it goes.
PathMatch MatchPath(const Route& route, std::string_view path, RouteMatch& match) {
  std::string_view pattern = route.pattern;
  match = {&route, std::nullopt, {}};
  PathMatch result = PathMatch::kYes;
  while (!pattern.empty() && !path.empty()) {
    const std::string_view expected = SplitSegment(pattern);
    const std::string_view segment = SplitSegment(path);
    if (expected == "{kind}") {
      match.kind = ParseRecordKind(segment);
      const bool is_served =
          match.kind.has_value() &&
          std::find(route.kinds.begin(), route.kinds.end(), *match.kind) != route.kinds.end();
      if (!is_served) return PathMatch::kNo;
    } else if (expected == "{id}") {
      if (segment.empty()) return PathMatch::kNo;
      const std::optional<std::string> id = PercentDecode(segment, false);
      if (!id.has_value()) result = PathMatch::kBadEncoding;
      match.id = id.value_or("");
    } else if (expected != segment) {
      return PathMatch::kNo;
    }
  }
  return pattern.empty() && path.empty() ? result : PathMatch::kNo;
}

bool ServesMethod(const Route& route, std::string_view method) {
  return route.method == method || (route.method == "GET" && method == "HEAD");
}

void AddMethod(std::string& allow, std::string_view method) {
  if (allow.find(method) != std::string::npos) return;
  if (!allow.empty()) allow += ", ";
  allow += method;
}

std::string_view MethodLabel(std::string_view method) {
  const auto* const found = std::find(kMethods.begin(), kMethods.end(), method);
  return found == kMethods.end() ? "other" : *found;
}

// Whether what was asked, or was to be, is a write.
bool IsWrite(const Request& head) {
  const Route* route = head.match.route;
  return route != nullptr ? route->is_write : head.method == "POST" || head.method == "PATCH";
}

// What every answer bears.
void AddCommonHeaders(Response& response, std::string_view request_id, std::string trace_parent) {
  response.headers.push_back({"X-Request-Id", std::string(request_id)});
  response.headers.push_back({"traceparent", std::move(trace_parent)});
  response.headers.push_back({"X-Content-Type-Options", "nosniff"});
  const bool has_caching =
      std::any_of(response.headers.begin(), response.headers.end(), [](const Header& header) {
        return header.name == "Cache-Control";
      });
  if (!has_caching) response.headers.push_back({"Cache-Control", "no-store"});
}

}  // namespace

Dispatcher::Dispatcher(const std::vector<Route>& routes, Services& services)
    : routes_(routes), services_(services) {}

// Sets head.match; or says why there is none. A report without a problem of its own is OPTIONS.
std::optional<ProblemReport> Dispatcher::Match(Request& head) const {
  std::string allow;
  for (const Route& route : routes_) {
    RouteMatch match;
    const PathMatch path = MatchPath(route, head.path, match);
    if (path == PathMatch::kNo) continue;
    if (path == PathMatch::kBadEncoding) {
      ProblemReport report = ReportOf(Problem::kBadParameter, "the path cannot be read");
      report.errors.push_back({{}, "id", {}, {}, "bad_encoding", "is not percent-encoded UTF-8"});
      return report;
    }
    // A literal segment stands before a parameter in the table: the first match is the one.
    if (ServesMethod(route, head.method)) {
      head.match = std::move(match);
      return std::nullopt;
    }
    AddMethod(allow, route.method);
    if (route.method == "GET") AddMethod(allow, "HEAD");
  }
  if (allow.empty() && head.path != "*") {
    return ReportOf(Problem::kNoSuchRoute, "there is nothing at this path");
  }
  AddMethod(allow, "OPTIONS");
  ProblemReport report = ReportOf(Problem::kMethodNotAllowed, "this path takes " + allow);
  report.headers.push_back({"Allow", allow});
  return report;
}

std::optional<ProblemReport> Dispatcher::CheckMedia(const Request& head) {
  const Route& route = *head.match.route;
  const std::string media_type = MediaTypeOf(head);
  if (!route.bodies.empty()) {
    std::string known;
    bool is_known = false;
    for (const BodyDoc& body : route.bodies) {
      is_known = is_known || body.media_type == media_type;
      known += (known.empty() ? "" : ", ") + std::string(body.media_type);
    }
    if (!is_known || head.CountOf("content-encoding") > 0) {
      return ReportOf(Problem::kUnsupportedMediaType,
                      "the body must be " + known + ", in UTF-8 and without content coding");
    }
  }
  const bool is_streamed = route.open_stream != nullptr && media_type == kNdjson;
  std::string_view answer = "application/json";
  for (const AnswerDoc& doc : route.answers) {
    const bool fits = doc.status == 200 && (doc.media_type == kNdjson) == is_streamed;
    if (fits) answer = doc.media_type;
  }
  if (Accepts(head, answer)) return std::nullopt;
  return ReportOf(Problem::kNotAcceptable, "the answer is " + std::string(answer));
}

Admission Dispatcher::Admit(Request& head) {
  head.request_id = RequestIdOf(head);
  const std::string* traceparent = head.Find("traceparent");
  const auto trace = traceparent == nullptr ? std::nullopt : ParseTraceParent(*traceparent);
  head.has_client_trace = trace.has_value();
  head.trace_id = trace.has_value() ? trace->trace_id : MakeTraceId();
  head.trace_flags = trace.has_value() ? trace->flags : "00";

  Admission admission;
  std::optional<ProblemReport> refusal = Match(head);
  const bool is_options = head.method == "OPTIONS" && refusal.has_value() &&
                          refusal->problem == Problem::kMethodNotAllowed;
  if (is_options) {
    admission.answer = Answered(head, Response{204, refusal->headers, {}});
    return admission;
  }
  if (!refusal.has_value()) refusal = CheckMedia(head);
  if (refusal.has_value()) {
    if (IsWrite(head)) refusal->outcome = WriteEffect::kNone;
    admission.answer = Answered(head, ToResponse(*refusal, head.request_id));
    return admission;
  }
  const Route& route = *head.match.route;
  admission.body_byte_count_max = std::max(route.body_byte_count_max, kIgnoredBodyByteCountMax);
  admission.is_instant = route.is_instant;
  admission.is_streamed = route.open_stream != nullptr && MediaTypeOf(head) == kNdjson;
  return admission;
}

Response Dispatcher::Handle(const Request& request) {
  const LogScope scope(request.request_id, request.trace_id);
  AddInFlight(1);
  const Call call{
      request, services_, Deadline::At(request.received + Duration(limits::kRequestTimeout))};
  Response response;
  try {
    response = request.match.route->handle(call);
  } catch (const std::exception& exception) {
    const Error bug = Internal(std::string("unexpected: ") + exception.what());
    response = call.Refuse(IsWrite(request) ? WriteReportOf(bug) : ReportOf(bug));
  }
  AddInFlight(-1);
  return Answered(request, std::move(response));
}

Response Dispatcher::Answered(const Request& request, Response response) {
  AddCommonHeaders(
      response, request.request_id, MakeTraceParent(request.trace_id, request.trace_flags));
  Observe(request, response.status, response.body.size());
  return response;
}

void Dispatcher::Observe(const Request& request, int status, std::size_t byte_count) {
  const LogScope scope(request.request_id, request.trace_id);
  const Duration took = SystemClock().Now() - request.received;
  const double seconds = std::chrono::duration<double>(took).count();
  const std::string_view route =
      request.match.route == nullptr ? "none" : request.match.route->pattern;
  const std::string_view method = MethodLabel(request.method);
  services_.metrics.Count(Metric::kHttpRequests, {route, method, std::to_string(status)});
  services_.metrics.Observe(Metric::kHttpDuration, seconds, {route});
  // Probes and scrapes come every few seconds and would bury the rest.
  const bool is_probe = request.match.route != nullptr && status < 400 &&
                        request.match.route->method == "GET" && !route.starts_with("/api/");
  Log(is_probe ? LogLevel::kDebug : LogLevel::kInfo,
      "request answered",
      {{"method", method},
       {"route", route},
       {"status", std::int64_t{status}},
       {"duration_ms", seconds * 1'000},
       {"bytes", static_cast<std::int64_t>(byte_count)}});
}

void Dispatcher::AddInFlight(int change) {
  const int now = in_flight_.fetch_add(change) + change;
  services_.metrics.Set(Metric::kHttpInFlight, now);
}

Response Dispatcher::Refuse(const Refusal& refusal, const Request* head) {
  services_.metrics.Count(Metric::kHttpRejected, {refusal.reason});
  const std::string request_id =
      head != nullptr ? head->request_id : SystemUuidSource().MakeVersion7().ToString();
  const std::string trace_id = head != nullptr ? head->trace_id : MakeTraceId();
  const LogScope scope(request_id, trace_id);
  Log(LogLevel::kWarning,
      "request refused",
      {{"status", std::int64_t{refusal.status}},
       {"reason", refusal.reason},
       {"detail", std::string_view(refusal.detail)}});
  ProblemReport report = ReportOf(refusal);
  if (head != nullptr && !IsWrite(*head)) report.outcome = WriteEffect::kNotAWrite;
  Response response = ToResponse(report, request_id);
  const std::string_view flags = head != nullptr ? std::string_view(head->trace_flags) : "00";
  AddCommonHeaders(response, request_id, MakeTraceParent(trace_id, flags));
  return response;
}

// A stream whose whole life is one line of the access log.
class Dispatcher::ObservedStream final : public BodyStream {
 public:
  ObservedStream(Dispatcher& dispatcher, const Request& head, std::unique_ptr<BodyStream> inner)
      : dispatcher_(dispatcher), head_(head), inner_(std::move(inner)) {
    dispatcher_.AddInFlight(1);
  }
  ~ObservedStream() override {
    dispatcher_.AddInFlight(-1);
    dispatcher_.Observe(head_, 200, byte_count_);
  }
  ObservedStream(const ObservedStream&) = delete;
  ObservedStream& operator=(const ObservedStream&) = delete;

  Response Head() override {
    Response head = inner_->Head();
    head.headers.push_back({"X-Request-Id", head_.request_id});
    head.headers.push_back({"traceparent", MakeTraceParent(head_.trace_id, head_.trace_flags)});
    head.headers.push_back({"X-Content-Type-Options", "nosniff"});
    head.headers.push_back({"Cache-Control", "no-store"});
    return head;
  }

  std::string Take(std::string_view bytes, bool is_last) override {
    const LogScope scope(head_.request_id, head_.trace_id);
    std::string output;
    try {
      output = inner_->Take(bytes, is_last);
    } catch (const std::exception& exception) {
      Log(LogLevel::kError, "stream failed", {{"what", exception.what()}});
    }
    byte_count_ += output.size();
    return output;
  }

 private:
  Dispatcher& dispatcher_;
  const Request& head_;
  const std::unique_ptr<BodyStream> inner_;
  std::size_t byte_count_ = 0;
};

std::unique_ptr<BodyStream> Dispatcher::OpenStream(const Request& head) {
  const Call call{head, services_, Deadline::In(limits::kRequestTimeout)};
  return std::make_unique<ObservedStream>(*this, head, head.match.route->open_stream(call));
}

}  // namespace datastorage::http
