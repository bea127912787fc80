// One valid body of each kind with every member, in field order and compact form.
#pragma once

#include <array>
#include <string_view>

#include "base/check.h"
#include "domain/records.h"
#include "schema/json.h"

namespace datastorage::schema {

inline constexpr std::string_view kFullRemediation =
    R"({"name":"checkout","namespace":"shop","phase":"completed","action_type":"restart_pod",)"
    R"("status":"success","start_time":"2026-03-01T00:00:00Z","end_time":"2026-03-01T00:01:00Z",)"
    R"("duration":59000,"remediation_request_id":"rr-1","alert_fingerprint":"f00d",)"
    R"("severity":"critical","environment":"production","cluster_name":"eu-1",)"
    R"("target_resource":"deployment/checkout","error_message":"OOMKilled",)"
    R"("metadata":{"team":"payments","n":1.50},"summary":"The pod ran out of memory.",)"
    R"("trace_id":"4bf92f3577b34da6a3ce929d0e0e4736","actor":"controller"})";

inline constexpr std::string_view kFullAiAnalysis =
    R"({"remediation_request_id":"rr-1","analysis_id":"an-1","provider":"local","model":"m-7b",)"
    R"("confidence_score":0.75,"tokens_used":1200,"analysis_duration":900,)"
    R"("root_cause":"A leak.","recommendation":"Raise the limit.",)"
    R"("metadata":{"team":"payments"},"summary":"Memory grew for days.",)"
    R"("trace_id":"4bf92f3577b34da6a3ce929d0e0e4736","actor":"agent"})";

inline constexpr std::string_view kFullWorkflow =
    R"({"remediation_request_id":"rr-1","workflow_id":"wf-1","phase":"executing",)"
    R"("total_steps":5,"completed_steps":2,"start_time":"2026-03-01T00:00:00Z",)"
    R"("end_time":"2026-03-01T00:01:00Z","metadata":{"team":"payments"},)"
    R"("summary":"Drain, then restart.","trace_id":"4bf92f3577b34da6a3ce929d0e0e4736",)"
    R"("actor":"controller"})";

inline constexpr std::string_view kFullExecution =
    R"({"workflow_id":"wf-1","execution_id":"ex-1","action_type":"restart_pod",)"
    R"("target_resource":"deployment/checkout","cluster_name":"eu-1","success":true,)"
    R"("start_time":"2026-03-01T00:00:00Z","end_time":"2026-03-01T00:01:00Z",)"
    R"("execution_time":60000,"error_message":"none","metadata":{"team":"payments"},)"
    R"("summary":"Restarted.","trace_id":"4bf92f3577b34da6a3ce929d0e0e4736","actor":"controller"})";

inline std::string_view FullBodyOf(RecordKind kind) {
  switch (kind) {
    case RecordKind::kRemediation: return kFullRemediation;
    case RecordKind::kAiAnalysis: return kFullAiAnalysis;
    case RecordKind::kWorkflow: return kFullWorkflow;
    case RecordKind::kExecution: break;
  }
  return kFullExecution;
}

inline constexpr std::array<RecordKind, kRecordKindCount> kAllKinds{RecordKind::kRemediation,
                                                                    RecordKind::kAiAnalysis,
                                                                    RecordKind::kWorkflow,
                                                                    RecordKind::kExecution};

// REQUIRES: `text` is JSON.
inline ParsedJson Parsed(std::string_view text) {
  Result<ParsedJson> parsed = ParseJson(text);
  DS_CHECK(parsed.has_value());
  return *std::move(parsed);
}

// The full body with `members` put over it.
inline std::string With(std::string_view body, std::string_view members) {
  Json json = Parsed(body).value;
  for (auto& [name, value] : Parsed(members).value.members) {
    std::erase_if(json.members, [&](const Json::Member& member) { return member.first == name; });
    json.Add(name, value);
  }
  return ToText(json);
}

}  // namespace datastorage::schema
