#include "http/service_handlers.h"

#include "http/json_body.h"
#include "http/query_parameters.h"
#include "http/record_handlers.h"
#include "schema/time.h"

namespace datastorage::http {
namespace {

using schema::Json;

Json FindingsToJson(const HealthReport& report) {
  Json findings = Json::Array();
  for (const HealthFinding& finding : report.findings) {
    Json json = Json::Object();
    json.Add("component", Json::String(finding.component));
    json.Add("code", Json::String(finding.code));
    json.Add("reason", Json::String(finding.reason));
    json.Add("since", Json::String(schema::FormatTime(finding.since)));
    findings.Add(std::move(json));
  }
  return findings;
}

}  // namespace

// Takes any parameter: a probe that is set up with one must not end the process.
Response GetLife(const Call& /*call*/) {
  Json answer = Json::Object();
  answer.Add("status", Json::String("ok"));
  return JsonAnswer(answer);
}

Response GetReadiness(const Call& call) {
  QueryParameters query(call.request.query);
  const bool is_verbose = query.TakeFlag("verbose");
  if (std::vector<ProblemError> errors = query.Finish(); !errors.empty()) {
    return RefuseErrors(call, std::move(errors));
  }
  const HealthReport report = call.services.health.Report(call.deadline);
  const bool is_draining = call.services.is_draining.load();
  std::string_view status = "ok";
  if (!report.findings.empty()) status = "degraded";
  if (!report.is_ready) status = "unavailable";
  if (is_draining) status = "draining";
  Json answer = Json::Object();
  answer.Add("status", Json::String(status));
  answer.Add("findings", FindingsToJson(report));
  if (is_verbose) {
    answer.Add("version", Json::String(call.services.version));
    answer.Add("time", Json::String(schema::FormatTime(call.services.clock.WallNow())));
  }
  Response response = JsonAnswer(answer);
  if (is_draining || !report.is_ready) {
    response.status = 503;
    response.headers.push_back({"Retry-After", "1"});
  }
  return response;
}

Response GetVersion(const Call& call) {
  if (auto refusal = RefuseParameters(call); refusal.has_value()) return *std::move(refusal);
  Json answer = Json::Object();
  answer.Add("name", Json::String("datastorage"));
  answer.Add("version", Json::String(call.services.version));
  answer.Add("compiler", Json::String(__VERSION__));
  return JsonAnswer(answer);
}

Response GetOpenApi(const Call& call) {
  if (auto refusal = RefuseParameters(call); refusal.has_value()) return *std::move(refusal);
  Response response;
  response.headers.push_back({"Cache-Control", "no-cache"});
  SetJson(response, call.services.openapi);
  return response;
}

Response GetMetrics(const Call& call) {
  call.services.health.RefreshGauges(call.deadline);
  Response response;
  response.headers.push_back({"Content-Type", "text/plain; version=0.0.4; charset=utf-8"});
  response.body = call.services.metrics.Render();
  return response;
}

}  // namespace datastorage::http
