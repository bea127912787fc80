// The members of a remediation: name, meaning, rules.
#pragma once

#include <array>
#include <boost/pfr/tuple_size.hpp>
#include <tuple>

#include "schema/field.h"

namespace datastorage::schema {

inline constexpr std::array<std::string_view, 4> kRemediationPhases{
    "pending", "processing", "completed", "failed"};
inline constexpr std::array<std::string_view, 4> kRemediationStatuses{
    "success", "failure", "pending", "running"};

inline constexpr std::tuple kRemediationFields{
    Field{"name",
          &Remediation::name,
          Member::kName,
          "Name of what was remediated.",
          FieldRules{.is_required = true, .length_max = 255}},
    Field{"namespace",
          &Remediation::namespace_,
          Member::kNamespace,
          "Kubernetes namespace.",
          FieldRules{.is_required = true, .length_max = 255}},
    Field{"phase",
          &Remediation::phase,
          Member::kPhase,
          "Where the remediation stands; goes forward only.",
          FieldRules{.is_required = true, .one_of = kRemediationPhases, .is_updatable = true}},
    Field{"action_type",
          &Remediation::action_type,
          Member::kActionType,
          "What was done, such as restart_pod.",
          FieldRules{.is_required = true, .length_max = 100}},
    Field{"status",
          &Remediation::status,
          Member::kStatus,
          "How it went.",
          FieldRules{.is_required = true, .one_of = kRemediationStatuses, .is_updatable = true}},
    Field{"start_time",
          &Remediation::start_time,
          Member::kStartTime,
          "When it began.",
          FieldRules{.is_required = true}},
    Field{"end_time",
          &Remediation::end_time,
          Member::kEndTime,
          "When it ended; not before start_time.",
          FieldRules{.is_updatable = true}},
    Field{"duration",
          &Remediation::duration,
          Member::kDuration,
          "Milliseconds it took; computed from the two times when absent.",
          FieldRules{.is_updatable = true}},
    Field{"remediation_request_id",
          &Remediation::remediation_request_id,
          Member::kRemediationRequestId,
          "Id of the request; unique among remediations.",
          FieldRules{.is_required = true, .length_max = 255, .is_natural_key = true}},
    Field{"alert_fingerprint",
          &Remediation::alert_fingerprint,
          Member::kAlertFingerprint,
          "Fingerprint of the alert that led to it.",
          FieldRules{.length_max = 255}},
    Field{"severity",
          &Remediation::severity,
          Member::kSeverity,
          "Severity of the alert.",
          FieldRules{.length_max = 50}},
    Field{"environment",
          &Remediation::environment,
          Member::kEnvironment,
          "Environment, such as production.",
          FieldRules{.length_max = 50}},
    Field{"cluster_name",
          &Remediation::cluster_name,
          Member::kClusterName,
          "Cluster that it ran in.",
          FieldRules{.length_max = 255}},
    Field{"target_resource",
          &Remediation::target_resource,
          Member::kTargetResource,
          "What was acted on, such as deployment/checkout.",
          FieldRules{.length_max = 512}},
    Field{"error_message",
          &Remediation::error_message,
          Member::kErrorMessage,
          "The error that was seen, as text.",
          FieldRules{.length_max = 65'536, .is_updatable = true, .embedding_rank = 3}},
    Field{"metadata",
          &Remediation::metadata,
          std::nullopt,
          "Anything else, as a JSON object; a string that holds one is accepted too.",
          FieldRules{.is_updatable = true}},
    Field{"summary",
          &Remediation::summary,
          Member::kSummary,
          "What was seen and what happened, in prose: the main text of searches.",
          FieldRules{.length_max = 8'192, .is_updatable = true, .embedding_rank = 1}},
    Field{"trace_id",
          &Remediation::trace_id,
          Member::kTraceId,
          "W3C trace that produced the record; taken from traceparent when absent.",
          FieldRules{.is_trace_id = true}},
    Field{"actor",
          &Remediation::actor,
          Member::kActor,
          "Who or what acted: a controller, an agent, a person.",
          FieldRules{.length_max = 255}},
};

// A member without a row would silently never be stored.
static_assert(std::tuple_size_v<decltype(kRemediationFields)> ==
              boost::pfr::tuple_size_v<Remediation>);

}  // namespace datastorage::schema
