// The four kinds of audit record, as structs. What each member means, its limits
// and every derived form (JSON, columns, OpenAPI) live in schema/.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "base/clock.h"
#include "base/uuid.h"

namespace datastorage {

using RecordId = Uuid;

enum class RecordKind : std::uint8_t { kRemediation, kAiAnalysis, kWorkflow, kExecution };
inline constexpr int kRecordKindCount = 4;

// The kind as paths and JSON spell it, such as "aianalysis".
std::string_view NameOf(RecordKind kind);
std::optional<RecordKind> ParseRecordKind(std::string_view name);

// A JSON object in compact form: member order, strings and numbers as they were sent.
struct JsonObjectText {
  std::string text;
  bool operator==(const JsonObjectText&) const = default;
};

struct Remediation {
  std::string name;
  std::string namespace_;
  std::string phase;
  std::string action_type;
  std::string status;
  WallTime start_time;
  std::optional<WallTime> end_time;
  std::optional<std::int64_t> duration;  // Milliseconds.
  std::string remediation_request_id;
  std::optional<std::string> alert_fingerprint;
  std::optional<std::string> severity;
  std::optional<std::string> environment;
  std::optional<std::string> cluster_name;
  std::optional<std::string> target_resource;
  std::optional<std::string> error_message;
  std::optional<JsonObjectText> metadata;
  std::optional<std::string> summary;
  std::optional<std::string> trace_id;
  std::optional<std::string> actor;
  bool operator==(const Remediation&) const = default;
};

struct AiAnalysis {
  std::string remediation_request_id;
  std::string analysis_id;
  std::string provider;
  std::string model;
  std::optional<double> confidence_score;
  std::optional<std::int64_t> tokens_used;
  std::optional<std::int64_t> analysis_duration;  // Milliseconds.
  std::optional<std::string> root_cause;
  std::optional<std::string> recommendation;
  std::optional<JsonObjectText> metadata;
  std::optional<std::string> summary;
  std::optional<std::string> trace_id;
  std::optional<std::string> actor;
  bool operator==(const AiAnalysis&) const = default;
};

struct Workflow {
  std::string remediation_request_id;
  std::string workflow_id;
  std::string phase;
  std::int64_t total_steps = 0;
  std::int64_t completed_steps = 0;
  WallTime start_time;
  std::optional<WallTime> end_time;
  std::optional<JsonObjectText> metadata;
  std::optional<std::string> summary;
  std::optional<std::string> trace_id;
  std::optional<std::string> actor;
  bool operator==(const Workflow&) const = default;
};

struct Execution {
  std::string workflow_id;
  std::string execution_id;
  std::string action_type;
  std::string target_resource;
  std::string cluster_name;
  bool success = false;
  WallTime start_time;
  std::optional<WallTime> end_time;
  std::optional<std::int64_t> execution_time;  // Milliseconds.
  std::optional<std::string> error_message;
  std::optional<JsonObjectText> metadata;
  std::optional<std::string> summary;
  std::optional<std::string> trace_id;
  std::optional<std::string> actor;
  bool operator==(const Execution&) const = default;
};

// The alternatives are in the order of RecordKind.
using RecordBody = std::variant<Remediation, AiAnalysis, Workflow, Execution>;

inline RecordKind KindOf(const RecordBody& body) {
  return static_cast<RecordKind>(body.index());
}
// The member that is unique per kind, such as `remediation_request_id`.
const std::string& NaturalKeyOf(const RecordBody& body);

// How far a record's vector is, as readers see it.
enum class VectorState : std::uint8_t { kNone, kPending, kSynced };
std::string_view NameOf(VectorState state);

// Why a vector is pending; a closed list, stored with the pending row.
enum class PendingReason : std::uint8_t {
  kNotYet,                  // Written a moment ago; nothing has failed.
  kEmbedderUnavailable,     // The model failed or is not loaded.
  kEmbedderBusy,            // No slot, or over the time budget of the request.
  kVectorStoreUnavailable,  // The index refused, timed out or its breaker is open.
  kVectorStoreBusy,         // No slot of the vector side was free.
  kBackfill,                // A new vector set is being filled.
  kReconcile,               // The reconciler found a difference.
};
inline constexpr int kPendingReasonCount = 7;
std::string_view NameOf(PendingReason reason);
std::optional<PendingReason> ParsePendingReason(std::string_view name);

// A committed version of a record.
struct Record {
  RecordId id;
  std::int64_t version = 0;
  std::int64_t stamp = 0;
  WallTime created_at;
  WallTime updated_at;
  RecordBody body;
  VectorState vector = VectorState::kNone;
  PendingReason vector_reason = PendingReason::kNotYet;  // Meaningful while pending.
};

}  // namespace datastorage
