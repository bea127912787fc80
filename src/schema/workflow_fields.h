// The members of a workflow: name, meaning, rules.
#pragma once

#include <array>
#include <boost/pfr/tuple_size.hpp>
#include <tuple>

#include "schema/field.h"

namespace datastorage::schema {

inline constexpr std::array<std::string_view, 4> kWorkflowPhases{
    "planning", "executing", "completed", "failed"};

inline constexpr std::tuple kWorkflowFields{
    Field{"remediation_request_id",
          &Workflow::remediation_request_id,
          Member::kRemediationRequestId,
          "The remediation that it serves.",
          FieldRules{.is_required = true, .length_max = 255}},
    Field{"workflow_id",
          &Workflow::workflow_id,
          Member::kWorkflowId,
          "Id of the workflow; unique among workflows.",
          FieldRules{.is_required = true, .length_max = 255, .is_natural_key = true}},
    Field{"phase",
          &Workflow::phase,
          Member::kPhase,
          "Where the workflow stands; goes forward only.",
          FieldRules{.is_required = true, .one_of = kWorkflowPhases, .is_updatable = true}},
    Field{"total_steps", &Workflow::total_steps, Member::kTotalSteps, "Steps planned."},
    Field{"completed_steps",
          &Workflow::completed_steps,
          Member::kCompletedSteps,
          "Steps done; at most total_steps.",
          FieldRules{.is_updatable = true}},
    Field{"start_time",
          &Workflow::start_time,
          Member::kStartTime,
          "When it began.",
          FieldRules{.is_required = true}},
    Field{"end_time",
          &Workflow::end_time,
          Member::kEndTime,
          "When it ended; not before start_time.",
          FieldRules{.is_updatable = true}},
    Field{"metadata",
          &Workflow::metadata,
          std::nullopt,
          "Anything else, as a JSON object; a string that holds one is accepted too.",
          FieldRules{.is_updatable = true}},
    Field{"summary",
          &Workflow::summary,
          Member::kSummary,
          "What was seen and what happened, in prose: the main text of searches.",
          FieldRules{.length_max = 8'192, .is_updatable = true, .embedding_rank = 1}},
    Field{"trace_id",
          &Workflow::trace_id,
          Member::kTraceId,
          "W3C trace that produced the record; taken from traceparent when absent.",
          FieldRules{.is_trace_id = true}},
    Field{"actor",
          &Workflow::actor,
          Member::kActor,
          "Who or what acted: a controller, an agent, a person.",
          FieldRules{.length_max = 255}},
};

// A member without a row would silently never be stored.
static_assert(std::tuple_size_v<decltype(kWorkflowFields)> == boost::pfr::tuple_size_v<Workflow>);

}  // namespace datastorage::schema
