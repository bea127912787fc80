// The field table of each kind, by its struct. Templates: for .cc files only.
#pragma once

#include "schema/ai_analysis_fields.h"
#include "schema/execution_fields.h"
#include "schema/remediation_fields.h"
#include "schema/workflow_fields.h"

namespace datastorage::schema {

constexpr const auto& FieldsOf(const Remediation*) {
  return kRemediationFields;
}
constexpr const auto& FieldsOf(const AiAnalysis*) {
  return kAiAnalysisFields;
}
constexpr const auto& FieldsOf(const Workflow*) {
  return kWorkflowFields;
}
constexpr const auto& FieldsOf(const Execution*) {
  return kExecutionFields;
}

// visit(field) for every field of `Body`, in field order.
template <class Body, class Visit>
void ForEachField(Visit&& visit) {
  std::apply([&](const auto&... field) { (visit(field), ...); },
             FieldsOf(static_cast<const Body*>(nullptr)));
}

// call(Body{}) with an empty body of the kind.
template <class Call>
decltype(auto) WithEmptyBody(RecordKind kind, Call&& call) {
  switch (kind) {
    case RecordKind::kRemediation: return call(Remediation{});
    case RecordKind::kAiAnalysis: return call(AiAnalysis{});
    case RecordKind::kWorkflow: return call(Workflow{});
    case RecordKind::kExecution: break;
  }
  return call(Execution{});
}

}  // namespace datastorage::schema
