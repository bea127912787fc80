// The members of an AI analysis: name, meaning, rules.
#pragma once

#include <boost/pfr/tuple_size.hpp>
#include <tuple>

#include "schema/field.h"

namespace datastorage::schema {

inline constexpr std::tuple kAiAnalysisFields{
    Field{"remediation_request_id",
          &AiAnalysis::remediation_request_id,
          Member::kRemediationRequestId,
          "The remediation that was analysed.",
          FieldRules{.is_required = true, .length_max = 255}},
    Field{"analysis_id",
          &AiAnalysis::analysis_id,
          Member::kAnalysisId,
          "Id of the analysis; unique among analyses.",
          FieldRules{.is_required = true, .length_max = 255, .is_natural_key = true}},
    Field{"provider",
          &AiAnalysis::provider,
          Member::kProvider,
          "Who runs the model.",
          FieldRules{.is_required = true, .length_max = 100}},
    Field{"model",
          &AiAnalysis::model,
          Member::kModel,
          "The model that analysed.",
          FieldRules{.is_required = true, .length_max = 255}},
    Field{"confidence_score",
          &AiAnalysis::confidence_score,
          Member::kConfidenceScore,
          "How sure the model was, from 0 to 1.",
          FieldRules{.maximum = 1}},
    Field{"tokens_used", &AiAnalysis::tokens_used, Member::kTokensUsed, "Tokens spent."},
    Field{"analysis_duration",
          &AiAnalysis::analysis_duration,
          Member::kAnalysisDuration,
          "Milliseconds it took."},
    Field{"root_cause",
          &AiAnalysis::root_cause,
          Member::kRootCause,
          "The cause that was found, in prose.",
          FieldRules{.length_max = 8'192, .embedding_rank = 2}},
    Field{"recommendation",
          &AiAnalysis::recommendation,
          Member::kRecommendation,
          "What to do, in prose.",
          FieldRules{.length_max = 8'192, .embedding_rank = 2}},
    Field{"metadata",
          &AiAnalysis::metadata,
          std::nullopt,
          "Anything else, as a JSON object; a string that holds one is accepted too."},
    Field{"summary",
          &AiAnalysis::summary,
          Member::kSummary,
          "What was seen and what happened, in prose: the main text of searches.",
          FieldRules{.length_max = 8'192, .embedding_rank = 1}},
    Field{"trace_id",
          &AiAnalysis::trace_id,
          Member::kTraceId,
          "W3C trace that produced the record; taken from traceparent when absent.",
          FieldRules{.is_trace_id = true}},
    Field{"actor",
          &AiAnalysis::actor,
          Member::kActor,
          "Who or what acted: a controller, an agent, a person.",
          FieldRules{.length_max = 255}},
};

// A member without a row would silently never be stored.
static_assert(std::tuple_size_v<decltype(kAiAnalysisFields)> ==
              boost::pfr::tuple_size_v<AiAnalysis>);

}  // namespace datastorage::schema
