#include "domain/records.h"

#include <array>

namespace datastorage {
namespace {

constexpr std::array<std::string_view, kRecordKindCount> kKindNames{
    "remediation", "aianalysis", "workflow", "execution"};
constexpr std::array<std::string_view, kPendingReasonCount> kReasonNames{"not_yet",
                                                                         "embedder_unavailable",
                                                                         "embedder_busy",
                                                                         "vector_store_unavailable",
                                                                         "vector_store_busy",
                                                                         "backfill",
                                                                         "reconcile"};

struct NaturalKey {
  const std::string& operator()(const Remediation& r) const { return r.remediation_request_id; }
  const std::string& operator()(const AiAnalysis& a) const { return a.analysis_id; }
  const std::string& operator()(const Workflow& w) const { return w.workflow_id; }
  const std::string& operator()(const Execution& e) const { return e.execution_id; }
};

}  // namespace

std::string_view NameOf(RecordKind kind) {
  return kKindNames[static_cast<std::size_t>(kind)];
}

std::optional<RecordKind> ParseRecordKind(std::string_view name) {
  for (std::size_t i = 0; i < kKindNames.size(); ++i) {
    if (kKindNames[i] == name) return static_cast<RecordKind>(i);
  }
  return std::nullopt;
}

const std::string& NaturalKeyOf(const RecordBody& body) {
  return std::visit(NaturalKey{}, body);
}

std::string_view NameOf(VectorState state) {
  switch (state) {
    case VectorState::kNone: return "none";
    case VectorState::kPending: return "pending";
    case VectorState::kSynced: return "synced";
  }
  return "none";
}

std::string_view NameOf(PendingReason reason) {
  return kReasonNames[static_cast<std::size_t>(reason)];
}

std::optional<PendingReason> ParsePendingReason(std::string_view name) {
  for (std::size_t i = 0; i < kReasonNames.size(); ++i) {
    if (kReasonNames[i] == name) return static_cast<PendingReason>(i);
  }
  return std::nullopt;
}

}  // namespace datastorage
