#include "http/search_handlers.h"

#include "http/json_body.h"
#include "http/query_parameters.h"
#include "http/record_handlers.h"
#include "http/search_question.h"
#include "schema/record_json.h"
#include "schema/time.h"

namespace datastorage::http {
namespace {

using schema::Json;

Json Optional(const std::optional<int>& number) {
  return number.has_value() ? Json::Integer(*number) : Json();
}

Json Optional(const std::optional<double>& number) {
  return number.has_value() ? Json::Number(*number) : Json();
}

Json ExplainLeg(const std::optional<int>& rank, const std::optional<double>& score) {
  Json leg = Json::Object();
  leg.Add("rank", Optional(rank));
  leg.Add("score", Optional(score));
  return leg;
}

Json HitToJson(const SearchHit& hit, const SearchQuestion& question) {
  Json json = Json::Object();
  json.Add("kind", Json::String(NameOf(KindOf(hit.record.body))));
  json.Add("record", schema::SelectMembers(schema::RecordToJson(hit.record), question.fields));
  json.Add("score", Json::Number(hit.score));
  json.Add("similarity", Optional(hit.similarity));
  Json ranks = Json::Object();
  ranks.Add("semantic", Optional(hit.semantic_rank));
  ranks.Add("text", Optional(hit.text_rank));
  json.Add("ranks", std::move(ranks));
  if (!question.explains) return json;
  Json explanation = Json::Object();
  explanation.Add("semantic", ExplainLeg(hit.semantic_rank, hit.similarity));
  explanation.Add("text", ExplainLeg(hit.text_rank, hit.bm25));
  json.Add("explain", std::move(explanation));
  return json;
}

Json DegradationToJson(const Degradation& degradation) {
  Json json = Json::Object();
  json.Add("code", Json::String(NameOf(degradation.code)));
  if (degradation.count.has_value()) json.Add("count", Json::Integer(*degradation.count));
  if (degradation.since.has_value()) {
    json.Add("since", Json::String(schema::FormatTime(*degradation.since)));
  }
  return json;
}

Response HitsAnswer(const SearchReply& reply, const SearchQuestion& question) {
  Json hits = Json::Array();
  std::int64_t byte_count = 0;
  for (const SearchHit& hit : reply.hits) {
    Json json = HitToJson(hit, question);
    if (question.byte_count_max.has_value()) {
      byte_count += static_cast<std::int64_t>(ToText(json).size());
      if (byte_count > *question.byte_count_max) break;
    }
    hits.Add(std::move(json));
  }
  const std::size_t omitted_count = reply.hits.size() - hits.elements.size();
  Json degraded = Json::Array();
  for (const Degradation& degradation : reply.degraded) {
    degraded.Add(DegradationToJson(degradation));
  }
  Json answer = Json::Object();
  answer.Add("hits", std::move(hits));
  if (question.byte_count_max.has_value()) {
    answer.Add("omitted", Json::Integer(static_cast<std::int64_t>(omitted_count)));
  }
  answer.Add("completeness", Json::String(reply.is_exact ? "exact" : "approximate"));
  answer.Add("degraded", std::move(degraded));
  answer.Add("model", reply.model.empty() ? Json() : Json::String(reply.model));
  return JsonAnswer(answer);
}

Response SearchFor(const Call& call, const SearchQuestion& question) {
  const Result<SearchReply> reply = call.services.searcher.Search(question.request, call.deadline);
  return reply.has_value() ? HitsAnswer(*reply, question) : call.Refuse(ReportOf(reply.error()));
}

}  // namespace

Response SearchByQuery(const Call& call) {
  QueryParameters query(call.request.query);
  const SearchQuestion question = TakeSearch(query, call.services.clock.WallNow());
  if (std::vector<ProblemError> errors = query.Finish(); !errors.empty()) {
    return RefuseErrors(call, std::move(errors));
  }
  return SearchFor(call, question);
}

Response SearchByBody(const Call& call) {
  if (auto refusal = RefuseParameters(call); refusal.has_value()) return *std::move(refusal);
  const Result<schema::ParsedJson> body = ParseObject(call.request);
  if (!body.has_value()) return call.Refuse(ReportOf(Problem::kNotJson, body.error().message));
  ProblemReport report = ReportOf(Problem::kInvalidRequest, "see errors");
  const SearchQuestion question = ReadSearch(*body, call.services.clock.WallNow(), report.errors);
  return report.errors.empty() ? SearchFor(call, question) : call.Refuse(report);
}

Response FindSimilar(const Call& call) {
  QueryParameters query(call.request.query);
  const SearchQuestion question = TakeHitOptions(query, false, call.services.clock.WallNow());
  if (std::vector<ProblemError> errors = query.Finish(); !errors.empty()) {
    return RefuseErrors(call, std::move(errors));
  }
  const RecordLookup lookup = FindRecord(call);
  if (!lookup.found.has_value()) return call.Refuse(lookup.problem);
  SimilarRequest request;
  request.ref = lookup.found->ref;
  request.filter = question.request.filter;
  request.limit = question.request.limit;
  request.min_similarity = question.request.min_similarity;
  const Result<SearchReply> reply = call.services.searcher.Similar(request, call.deadline);
  return reply.has_value() ? HitsAnswer(*reply, question) : call.Refuse(ReportOf(reply.error()));
}

}  // namespace datastorage::http
