// The members of an execution: name, meaning, rules.
#pragma once

#include <boost/pfr/tuple_size.hpp>
#include <tuple>

#include "schema/field.h"

namespace datastorage::schema {

inline constexpr std::tuple kExecutionFields{
    Field{"workflow_id",
          &Execution::workflow_id,
          Member::kWorkflowId,
          "The workflow that it is a step of.",
          FieldRules{.is_required = true, .length_max = 255}},
    Field{"execution_id",
          &Execution::execution_id,
          Member::kExecutionId,
          "Id of the execution; unique among executions.",
          FieldRules{.is_required = true, .length_max = 255, .is_natural_key = true}},
    Field{"action_type",
          &Execution::action_type,
          Member::kActionType,
          "What was done, such as restart_pod.",
          FieldRules{.is_required = true, .length_max = 100}},
    Field{"target_resource",
          &Execution::target_resource,
          Member::kTargetResource,
          "What was acted on, such as deployment/checkout.",
          FieldRules{.is_required = true, .length_max = 512}},
    Field{"cluster_name",
          &Execution::cluster_name,
          Member::kClusterName,
          "Cluster that it ran in.",
          FieldRules{.is_required = true, .length_max = 255}},
    Field{"success",
          &Execution::success,
          Member::kSuccess,
          "Whether it worked.",
          FieldRules{.is_required = true}},
    Field{"start_time",
          &Execution::start_time,
          Member::kStartTime,
          "When it began.",
          FieldRules{.is_required = true}},
    Field{"end_time",
          &Execution::end_time,
          Member::kEndTime,
          "When it ended; not before start_time."},
    Field{"execution_time",
          &Execution::execution_time,
          Member::kExecutionTime,
          "Milliseconds it took."},
    Field{"error_message",
          &Execution::error_message,
          Member::kErrorMessage,
          "The error that was seen, as text.",
          FieldRules{.length_max = 65'536, .embedding_rank = 3}},
    Field{"metadata",
          &Execution::metadata,
          std::nullopt,
          "Anything else, as a JSON object; a string that holds one is accepted too."},
    Field{"summary",
          &Execution::summary,
          Member::kSummary,
          "What was seen and what happened, in prose: the main text of searches.",
          FieldRules{.length_max = 8'192, .embedding_rank = 1}},
    Field{"trace_id",
          &Execution::trace_id,
          Member::kTraceId,
          "W3C trace that produced the record; taken from traceparent when absent.",
          FieldRules{.is_trace_id = true}},
    Field{"actor",
          &Execution::actor,
          Member::kActor,
          "Who or what acted: a controller, an agent, a person.",
          FieldRules{.length_max = 255}},
};

// A member without a row would silently never be stored.
static_assert(std::tuple_size_v<decltype(kExecutionFields)> == boost::pfr::tuple_size_v<Execution>);

}  // namespace datastorage::schema
