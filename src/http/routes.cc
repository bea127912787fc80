// The route table. Literal segments stand before parameters: the first match is the one.
#include "base/limits.h"
#include "http/batch_handlers.h"
#include "http/list_handlers.h"
#include "http/openapi.h"
#include "http/record_handlers.h"
#include "http/route.h"
#include "http/search_handlers.h"
#include "http/service_handlers.h"

namespace datastorage::http {
namespace {

const std::vector<RecordKind> kEveryKind{RecordKind::kRemediation,
                                         RecordKind::kAiAnalysis,
                                         RecordKind::kWorkflow,
                                         RecordKind::kExecution};
const std::vector<RecordKind> kUpdatableKinds{RecordKind::kRemediation, RecordKind::kWorkflow};

ParameterDoc Query(std::string_view name, Description description, std::string_view schema) {
  return {name, ParameterPlace::kQuery, description, JsonLiteral(schema)};
}

ParameterDoc HeaderDoc(std::string_view name,
                       Description description,
                       std::string_view schema = R"({"type": "string"})") {
  return {name, ParameterPlace::kHeader, description, JsonLiteral(schema)};
}

std::vector<ParameterDoc> WriteHeaders() {
  return {
      HeaderDoc("Idempotency-Key",
                "1 to 255 visible ASCII characters. The same key and request again: the first "
                "answer, with Idempotency-Replayed: true. Kept for 24 hours.",
                R"({"type": "string", "pattern": "^[!-~]{1,255}$"})"),
      HeaderDoc("Prefer", "write=strict: record and vector, or neither. return=minimal: no body."),
      HeaderDoc("traceparent",
                "W3C trace context; its trace id becomes trace_id where the record has none.")};
}

std::vector<ParameterDoc> PatchHeaders() {
  std::vector<ParameterDoc> headers = WriteHeaders();
  headers.push_back(HeaderDoc("If-Match", "The ETag of the version that was read, or *."));
  headers.back().is_required = true;
  return headers;
}

std::vector<ParameterDoc> TimeFilters() {
  return {Query("since",
                "Keeps records from this time on: RFC 3339, or 24h, 7d ago.",
                R"({"type": "string"})"),
          Query("until", "Keeps records before this time.", R"({"type": "string"})"),
          Query("time",
                "The member that since and until look at.",
                R"({"type": "string", "default": "created_at"})"),
          Query("where",
                "The filter language, such as: severity:critical -namespace:dev duration>5m.",
                R"({"type": "string"})"),
          Query("fields",
                "Members to answer of each record, joined by commas.",
                R"({"type": "string"})")};
}

std::vector<ParameterDoc> ListParameters() {
  std::vector<ParameterDoc> parameters = TimeFilters();
  parameters.push_back(Query("sort",
                             "A member, or - and a member for descending.",
                             R"({"type": "string", "default": "-created_at"})"));
  parameters.push_back(
      Query("limit",
            "Records in a page.",
            R"({"type": "integer", "minimum": 1, "maximum": 1000, "default": 50})"));
  parameters.push_back(
      Query("cursor", "The next_cursor of the page before.", R"({"type": "string"})"));
  parameters.push_back(Query("offset",
                             "Records to skip; not with cursor.",
                             R"({"type": "integer", "minimum": 0, "maximum": 10000})"));
  parameters.push_back(
      Query("count", "exact: how many records match in all.", R"({"enum": ["exact"]})"));
  return parameters;
}

std::vector<ParameterDoc> HitParameters() {
  std::vector<ParameterDoc> parameters = TimeFilters();
  parameters.push_back(
      Query("limit",
            "Hits to answer.",
            R"({"type": "integer", "minimum": 1, "maximum": 100, "default": 10})"));
  parameters.push_back(Query("min_similarity",
                             "Leaves out hits that are less alike, or have no embedding.",
                             R"({"type": "number", "minimum": -1, "maximum": 1})"));
  parameters.push_back(
      Query("explain", "Adds each leg's rank and score to hits.", R"({"type": "boolean"})"));
  parameters.push_back(Query("max_bytes",
                             "Ends the hits before they are larger than this.",
                             R"({"type": "integer", "minimum": 1024, "maximum": 16777216})"));
  return parameters;
}

std::vector<ParameterDoc> SearchParameters() {
  std::vector<ParameterDoc> parameters = HitParameters();
  parameters.push_back(
      Query("q",
            "What to search for, in anybody's words. Bare words of where count too.",
            R"({"type": "string"})"));
  parameters.push_back(Query("mode",
                             "By meaning, by words, or both.",
                             R"({"enum": ["hybrid", "semantic", "text"], "default": "hybrid"})"));
  return parameters;
}

const std::vector<Problem> kWriteProblems{Problem::kNotJson,
                                          Problem::kInvalidRecord,
                                          Problem::kBadHeader,
                                          Problem::kUnsupportedMediaType,
                                          Problem::kBodyTooLarge,
                                          Problem::kKeyReused,
                                          Problem::kKeyBusy,
                                          Problem::kOutcomeUnknown};

std::vector<Problem> WithWriteProblems(std::vector<Problem> problems) {
  problems.insert(problems.end(), kWriteProblems.begin(), kWriteProblems.end());
  return problems;
}

Route CreateRoute() {
  return {
      .method = "POST",
      .pattern = "/api/v1/audit/{kind}",
      .operation = "create",
      .summary = "Records one audit durably.",
      .handle = CreateRecord,
      .kinds = kEveryKind,
      .parameters = WriteHeaders(),
      .bodies = {{"application/json", Shape::kNewRecord}},
      .answers =
          {{201, "Stored; Location and ETag name it.", "application/json", Shape::kRecord},
           {200, "It was stored before with equal content.", "application/json", Shape::kRecord}},
      .problems = WithWriteProblems({Problem::kConflict, Problem::kErased}),
      .body_byte_count_max = limits::kRecordByteCountMax,
      .is_write = true};
}

Route BatchRoute() {
  std::vector<ParameterDoc> parameters = WriteHeaders();
  parameters.erase(parameters.begin());  // Each item has its own key.
  parameters.push_back(
      Query("atomic", "All or none; for arrays only.", R"({"type": "boolean", "default": false})"));
  return {
      .method = "POST",
      .pattern = "/api/v1/audit/batch",
      .operation = "createBatch",
      .summary = "Records many audits of any kind: an array of up to 5,000, or a stream of lines.",
      .handle = CreateBatch,
      .parameters = std::move(parameters),
      .bodies = {{"application/json", Shape::kBatchItems}, {kNdjson, Shape::kBatchItem}},
      .answers = {{200, "One result an item, in order.", "application/json", Shape::kBatchResults},
                  {200, "One result a line, in order.", kNdjson, Shape::kBatchResult}},
      .problems = {Problem::kNotJson,
                   Problem::kBadHeader,
                   Problem::kUnsupportedMediaType,
                   Problem::kBodyTooLarge,
                   Problem::kBatchRefused,
                   Problem::kOutcomeUnknown},
      .body_byte_count_max = limits::kBatchByteCountMax,
      .open_stream = StreamBatch,
      .is_write = true};
}

Route GetRoute() {
  return {.method = "GET",
          .pattern = "/api/v1/audit/{kind}/{id}",
          .operation = "get",
          .summary = "One record.",
          .handle = GetRecord,
          .kinds = kEveryKind,
          .parameters = {HeaderDoc("If-None-Match", "An ETag: 304 while the record is as it was.")},
          .answers = {{200, "The record, with its ETag.", "application/json", Shape::kRecord},
                      {304, "The record is as it was."}},
          .problems = {Problem::kNoSuchRecord, Problem::kGone}};
}

Route PatchRoute() {
  return {.method = "PATCH",
          .pattern = "/api/v1/audit/{kind}/{id}",
          .operation = "patch",
          .summary = "Changes updatable members by JSON Merge Patch (RFC 7396).",
          .handle = PatchRecord,
          .kinds = kUpdatableKinds,
          .parameters = PatchHeaders(),
          .bodies = {{"application/merge-patch+json", Shape::kPatch},
                     {"application/json", Shape::kPatch}},
          .answers = {{200, "The record after it.", "application/json", Shape::kRecord}},
          .problems = WithWriteProblems({Problem::kNoSuchRecord,
                                         Problem::kGone,
                                         Problem::kIllegalPhase,
                                         Problem::kStale,
                                         Problem::kIfMatchRequired}),
          .body_byte_count_max = limits::kRecordByteCountMax,
          .is_write = true};
}

Route HistoryRoute() {
  return {.method = "GET",
          .pattern = "/api/v1/audit/{kind}/{id}/history",
          .operation = "getHistoryOf",
          .summary = "Every version of a record, newest first.",
          .handle = GetHistory,
          .kinds = kEveryKind,
          .answers = {{200, "The versions.", "application/json", Shape::kHistory}},
          .problems = {Problem::kNoSuchRecord, Problem::kGone}};
}

Route SimilarRoute() {
  return {.method = "GET",
          .pattern = "/api/v1/audit/{kind}/{id}/similar",
          .operation = "findSimilarTo",
          .summary = "The records nearest to this one, itself left out.",
          .handle = FindSimilar,
          .kinds = kEveryKind,
          .parameters = HitParameters(),
          .filters = FilterSet::kOfEveryKind,
          .answers = {{200, "The hits, most similar first.", "application/json", Shape::kHits}},
          .problems = {Problem::kNoSuchRecord, Problem::kGone}};
}

Route LookupRoute() {
  return {.method = "GET",
          .pattern = "/api/v1/audit",
          .operation = "lookUp",
          .summary = "Up to 100 records by id or key, in the order asked.",
          .handle = LookUpRecords,
          .parameters = {Query("ids",
                               "UUIDs, or kind/key:natural-key, joined by commas or repeated.",
                               R"({"type": "array", "items": {"type": "string"}})")},
          .answers = {{200, "A record or an error for each.", "application/json", Shape::kLookup}}};
}

Route ListRoute() {
  return {
      .method = "GET",
      .pattern = "/api/v1/audit/{kind}",
      .operation = "list",
      .summary = "Records of one kind, page by page.",
      .handle = ListRecords,
      .kinds = kEveryKind,
      .parameters = ListParameters(),
      .filters = FilterSet::kOfKind,
      .answers = {{200, "A page; Link names the next.", "application/json", Shape::kRecordPage}}};
}

Route SearchRoute() {
  return {.method = "GET",
          .pattern = "/api/v1/audit/search",
          .operation = "search",
          .summary = "Records by meaning and by words.",
          .handle = SearchByQuery,
          .parameters = SearchParameters(),
          .filters = FilterSet::kOfEveryKind,
          .answers = {{200, "The hits, best first.", "application/json", Shape::kHits}}};
}

Route SearchBodyRoute() {
  return {.method = "POST",
          .pattern = "/api/v1/audit/search",
          .operation = "searchByBody",
          .summary = "Records by meaning and by words, or near an embedding.",
          .handle = SearchByBody,
          .bodies = {{"application/json", Shape::kSearchRequest}},
          .answers = {{200, "The hits, best first.", "application/json", Shape::kHits}},
          .problems = {Problem::kNotJson,
                       Problem::kInvalidRequest,
                       Problem::kUnsupportedMediaType,
                       Problem::kBodyTooLarge},
          .body_byte_count_max = limits::kRecordByteCountMax};
}

Route LifeRoute() {
  return {.method = "GET",
          .pattern = "/livez",
          .operation = "getLife",
          .summary = "Whether the process answers; touches nothing.",
          .handle = GetLife,
          .answers = {{200, "It does.", "application/json", Shape::kLife}},
          .is_instant = true};
}

Route ReadinessRoute(std::string_view pattern, std::string_view operation) {
  return {.method = "GET",
          .pattern = pattern,
          .operation = operation,
          .summary = "Whether a durable write is possible now, and what else is lost.",
          .handle = GetReadiness,
          .parameters = {Query("verbose", "Adds version and time.", R"({"type": "boolean"})")},
          .answers = {{200, "Ready, maybe degraded.", "application/json", Shape::kHealth},
                      {503, "Not ready, or going away.", "application/json", Shape::kHealth}}};
}

Route VersionRoute() {
  return {.method = "GET",
          .pattern = "/version",
          .operation = "getVersion",
          .summary = "What runs.",
          .handle = GetVersion,
          .answers = {{200, "Name, version, compiler.", "application/json", Shape::kVersion}},
          .is_instant = true};
}

Route OpenApiRoute() {
  return {.method = "GET",
          .pattern = "/openapi.json",
          .operation = "getOpenApi",
          .summary = "This document.",
          .handle = GetOpenApi,
          .answers = {{200, "OpenAPI 3.1.", "application/json", Shape::kAnyObject}}};
}

Route MetricsRoute() {
  return {.method = "GET",
          .pattern = "/metrics",
          .operation = "getMetrics",
          .summary = "Metrics in the Prometheus text format; on the operators' listener.",
          .handle = GetMetrics,
          .answers = {{200, "The metrics.", "text/plain", Shape::kText}}};
}

}  // namespace

const std::vector<Route>& ApiRoutes() {
  static const std::vector<Route> routes{BatchRoute(),
                                         SearchRoute(),
                                         SearchBodyRoute(),
                                         LookupRoute(),
                                         CreateRoute(),
                                         ListRoute(),
                                         GetRoute(),
                                         PatchRoute(),
                                         HistoryRoute(),
                                         SimilarRoute(),
                                         LifeRoute(),
                                         ReadinessRoute("/readyz", "getReadiness"),
                                         ReadinessRoute("/healthz", "getHealth"),
                                         OpenApiRoute(),
                                         VersionRoute()};
  return routes;
}

const std::vector<Route>& OperationsRoutes() {
  static const std::vector<Route> routes = [] {
    std::vector<Route> all = AdminRoutes();
    all.push_back(MetricsRoute());
    all.push_back(LifeRoute());
    all.push_back(ReadinessRoute("/readyz", "getReadiness"));
    all.push_back(ReadinessRoute("/healthz", "getHealth"));
    return all;
  }();
  return routes;
}

}  // namespace datastorage::http
