// The schemas of what is not a record: answers, batches, searches, problems.
#include "base/check.h"
#include "http/openapi.h"
#include "schema/openapi_schemas.h"

namespace datastorage::http {
namespace {

using schema::Json;
using schema::SchemaUse;

constexpr RecordKind kKinds[] = {RecordKind::kRemediation,
                                 RecordKind::kAiAnalysis,
                                 RecordKind::kWorkflow,
                                 RecordKind::kExecution};

std::string ComponentName(Shape shape, std::optional<RecordKind> kind) {
  std::string title(kind.has_value() ? TitleOf(*kind) : "");
  switch (shape) {
    case Shape::kNewRecord: return "New" + title;
    case Shape::kPatch: return title + "Patch";
    case Shape::kRecord: return title;
    case Shape::kRecordPage: return title + "Page";
    case Shape::kHistory: return title + "History";
    case Shape::kBatchItems: return "BatchItems";
    case Shape::kBatchItem: return "BatchItem";
    case Shape::kBatchResults: return "BatchResults";
    case Shape::kBatchResult: return "BatchResult";
    case Shape::kLookup: return "Lookup";
    case Shape::kSearchRequest: return "SearchRequest";
    case Shape::kHits: return "Hits";
    case Shape::kLife: return "Life";
    case Shape::kHealth: return "Health";
    case Shape::kVersion: return "Version";
    case Shape::kErasureRequest: return "ErasureRequest";
    case Shape::kErasure: return "Erasure";
    case Shape::kReconcileRequest: return "ReconcileRequest";
    case Shape::kReconcileReport: return "ReconcileReport";
    case Shape::kBackupRequest: return "BackupRequest";
    case Shape::kBackupReport: return "BackupReport";
    case Shape::kMoveRequest: return "ReindexRequest";
    case Shape::kMoveReport: return "ReindexReport";
    case Shape::kReleaseRequest: return "ReleaseRequest";
    case Shape::kReleaseReport: return "ReleaseReport";
    case Shape::kLogLevel: return "LogLevel";
    case Shape::kAnyObject: return "AnyObject";
    case Shape::kText: return "Text";
    case Shape::kNothing: break;
  }
  DS_CHECK(false);
  return {};
}

Json Reference(const std::string& name) {
  Json reference = Json::Object();
  reference.Add("$ref", Json::String("#/components/schemas/" + name));
  return reference;
}

// {"oneOf": [a reference a kind]}
Json AnyKind(Shape shape) {
  Json choices = Json::Array();
  for (const RecordKind kind : kKinds) choices.Add(ReferenceTo(shape, kind));
  Json schema = Json::Object();
  schema.Add("oneOf", std::move(choices));
  return schema;
}

Json ArrayOf(Json items) {
  Json schema = JsonLiteral(R"({"type": "array"})");
  schema.Add("items", std::move(items));
  return schema;
}

// An object with one array more than `rest` says.
Json WithArray(std::string_view rest, std::string_view name, Json items) {
  Json schema = JsonLiteral(rest);
  const Json array = ArrayOf(std::move(items));
  for (Json::Member& member : schema.members) {
    if (member.first == "properties") member.second.Add(std::string(name), array);
  }
  return schema;
}

void AddRecordSchemas(RecordKind kind, Json& schemas) {
  const auto add = [&](Shape shape, Json schema) {
    schemas.Add(ComponentName(shape, kind), std::move(schema));
  };
  add(Shape::kNewRecord, RecordSchema(kind, SchemaUse::kCreate));
  add(Shape::kRecord, RecordSchema(kind, SchemaUse::kStored));
  const bool is_updatable = kind == RecordKind::kRemediation || kind == RecordKind::kWorkflow;
  if (is_updatable) add(Shape::kPatch, RecordSchema(kind, SchemaUse::kPatch));
  add(Shape::kRecordPage,
      WithArray(R"({"type": "object", "required": ["items", "next_cursor"], "properties": {
          "next_cursor": {"type": ["string", "null"],
              "description": "Asks for the next page; null on the last."},
          "count": {"type": "integer", "description": "All that match; with count=exact."}}})",
                "items",
                ReferenceTo(Shape::kRecord, kind)));
  add(Shape::kHistory,
      WithArray(R"({"type": "object", "required": ["items"], "properties": {}})",
                "items",
                JsonLiteral(R"({"type": "object",
                    "description": "A version of the record, without vector."})")));
}

Json BatchItemSchema() {
  Json schema = JsonLiteral(R"({"type": "object", "required": ["kind", "record"],
      "additionalProperties": false, "properties": {
          "kind": {"enum": ["remediation", "aianalysis", "workflow", "execution"]},
          "Idempotency-Key": {"type": "string", "pattern": "^[!-~]{1,255}$"}}})");
  for (Json::Member& member : schema.members) {
    if (member.first == "properties") member.second.Add("record", AnyKind(Shape::kNewRecord));
  }
  return schema;
}

constexpr std::string_view kBatchResult = R"({"type": "object", "required": ["index", "status"],
    "properties": {
        "index": {"type": "integer", "description": "Which item, from 0."},
        "status": {"type": "integer", "description": "What a single create would have answered."},
        "id": {"type": "string", "format": "uuid"},
        "vector": {"enum": ["synced", "pending", "none"]},
        "error": {"$ref": "#/components/schemas/Problem"}}})";

constexpr std::string_view kLookup = R"({"type": "object", "required": ["items"], "properties": {
    "items": {"type": "array", "description": "In the order asked.", "items": {
        "type": "object", "required": ["ref"], "properties": {
            "ref": {"type": "string", "description": "As asked."},
            "kind": {"enum": ["remediation", "aianalysis", "workflow", "execution"]},
            "record": {"type": "object"},
            "error": {"$ref": "#/components/schemas/Problem"}}}}}})";

constexpr std::string_view kSearchRequest = R"({"type": "object", "additionalProperties": false,
    "properties": {
        "q": {"type": "string", "description": "What to search for, in anybody's words."},
        "embedding": {"type": "array", "items": {"type": "number"}, "minItems": 384,
            "maxItems": 384, "description": "In place of q: a vector in the model's space."},
        "mode": {"enum": ["hybrid", "semantic", "text"], "default": "hybrid"},
        "kind": {"oneOf": [
            {"enum": ["remediation", "aianalysis", "workflow", "execution"]},
            {"type": "array",
             "items": {"enum": ["remediation", "aianalysis", "workflow", "execution"]}}]},
        "filter": {"oneOf": [{"type": "string"}, {"type": "object"}],
            "description":
                "The filter language, or a tree of and, or, not, eq, in, range, prefix, path."},
        "limit": {"type": "integer", "minimum": 1, "maximum": 100, "default": 10},
        "min_similarity": {"type": "number", "minimum": -1, "maximum": 1},
        "explain": {"type": "boolean", "default": false},
        "fields": {"type": "array", "items": {"type": "string"}},
        "max_bytes": {"type": "integer", "minimum": 1024, "maximum": 16777216}}})";

constexpr std::string_view kHits = R"({"type": "object",
    "required": ["hits", "completeness", "degraded", "model"], "properties": {
        "hits": {"type": "array", "items": {"type": "object",
            "required": ["kind", "record", "score", "similarity", "ranks"], "properties": {
                "kind": {"enum": ["remediation", "aianalysis", "workflow", "execution"]},
                "record": {"type": "object"},
                "score": {"type": "number", "description": "Comparable within one answer."},
                "similarity": {"type": ["number", "null"], "description": "Cosine."},
                "ranks": {"type": "object", "properties": {
                    "semantic": {"type": ["integer", "null"]},
                    "text": {"type": ["integer", "null"]}}},
                "explain": {"type": "object", "description": "Rank and score of each leg."}}}},
        "omitted": {"type": "integer", "description": "Hits beyond max_bytes, if that was given."},
        "completeness": {"enum": ["exact", "approximate"]},
        "degraded": {"type": "array", "description": "What the answer may lack, and why.",
            "items": {"type": "object", "required": ["code"], "properties": {
                "code": {"type": "string"}, "count": {"type": "integer"},
                "since": {"type": "string", "format": "date-time"}}}},
        "model": {"type": ["string", "null"]}}})";

constexpr std::string_view kHealth = R"({"type": "object", "required": ["status", "findings"],
    "properties": {
        "status": {"enum": ["ok", "degraded", "unavailable", "draining"]},
        "findings": {"type": "array", "items": {"type": "object", "properties": {
            "component": {"type": "string"}, "code": {"type": "string"},
            "reason": {"type": "string"},
            "since": {"type": "string", "format": "date-time"}}}},
        "version": {"type": "string"},
        "time": {"type": "string", "format": "date-time"}}})";

constexpr std::string_view kProblem = R"({"type": "object", "required": ["type", "title", "status"],
    "description": "RFC 9457.", "properties": {
        "type": {"type": "string", "format": "uri-reference"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "instance": {"type": "string", "description": "The request's id."},
        "errors": {"type": "array", "items": {"type": "object", "required": ["code", "message"],
            "properties": {
                "pointer": {"type": "string", "format": "json-pointer"},
                "parameter": {"type": "string"},
                "header": {"type": "string"},
                "position": {"type": "integer", "description": "Code points into the parameter."},
                "code": {"type": "string"},
                "message": {"type": "string"}}}},
        "existing_id": {"type": "string", "format": "uuid"},
        "outcome": {"enum": ["none", "unknown"], "description": "Of writes: what was done."},
        "items": {"type": "array", "items": {"$ref": "#/components/schemas/BatchResult"}}}})";

constexpr std::string_view kErasureRequest = R"({"type": "object", "required": ["who", "why"],
    "additionalProperties": false,
    "oneOf": [{"required": ["id"]}, {"required": ["key", "kind"]}],
    "properties": {
        "id": {"type": "string", "format": "uuid"},
        "kind": {"enum": ["remediation", "aianalysis", "workflow", "execution"]},
        "key": {"type": "string", "description": "The natural key."},
        "who": {"type": "string", "maxLength": 256, "description": "Who erases; kept for good."},
        "why": {"type": "string", "maxLength": 1024, "description": "Kept for good."}}})";

constexpr std::string_view kErasure = R"({"type": "object",
    "required": ["id", "erased", "erased_at"], "properties": {
        "id": {"type": "string", "format": "uuid"},
        "erased": {"const": true},
        "erased_at": {"type": "string", "format": "date-time"}}})";

constexpr std::string_view kReconcileRequest = R"({"type": "object",
    "additionalProperties": false, "properties": {
        "dry_run": {"type": "boolean", "default": false, "description": "Counts; mends nothing."},
        "deep": {"type": "boolean", "default": false,
            "description": "Compares vectors and filter members too, not stamps alone."}}})";

constexpr std::string_view kReconcileReport = R"({"type": "object",
    "required": ["checked", "missing", "stale", "altered", "foreign", "mended", "skipped_sets"],
    "properties": {
        "checked": {"type": "integer", "description": "Records."},
        "missing": {"type": "integer", "description": "Records without their vector."},
        "stale": {"type": "integer", "description": "Vectors of another stamp than the record's."},
        "altered": {"type": "integer", "description": "Deep: of the stamp, not of the content."},
        "foreign": {"type": "integer", "description": "Vectors of no record."},
        "mended": {"type": "integer", "description": "Differences left to the relay."},
        "skipped_sets": {"type": "integer", "description": "Sets that are being filled."}}})";

constexpr std::string_view kBackupRequest = R"({"type": "object",
    "additionalProperties": false, "properties": {
        "name": {"type": "string", "pattern": "^[A-Za-z0-9][A-Za-z0-9._-]{0,96}\\.db$",
            "description": "Of the file in the folder of backups. Absent: of the time."}}})";

constexpr std::string_view kBackupReport = R"({"type": "object",
    "required": ["name", "bytes", "records", "schema_version"], "properties": {
        "name": {"type": "string"},
        "bytes": {"type": "integer"},
        "records": {"type": "integer"},
        "schema_version": {"type": "integer"}}})";

constexpr std::string_view kMoveRequest = R"({"type": "object",
    "additionalProperties": false, "properties": {
        "action": {"enum": ["begin", "report", "cancel"], "default": "begin",
            "description": "begin tells how far a move is that is under way."}}})";

constexpr std::string_view kMoveReport = R"({"type": "object",
    "required": ["target", "moving", "left", "sets"], "properties": {
        "target": {"type": "string", "description": "The engine that a move would go to."},
        "moving": {"type": "boolean", "description": "A set is being filled."},
        "left": {"type": "integer", "description": "Vectors to be sent before searches use it."},
        "sets": {"type": "array", "description": "All that are not retired.", "items": {
            "type": "object",
            "required": ["set", "engine", "space", "state", "in_use", "pending", "parked"],
            "properties": {
                "set": {"type": "integer"},
                "engine": {"type": "string"},
                "space": {"type": "string"},
                "state": {"enum": ["preparing", "filling", "live"]},
                "in_use": {"type": "boolean", "description": "By the service that answers."},
                "holds": {"type": "integer",
                    "description": "The set whose vectors its index holds instead: cancel."},
                "points": {"type": "integer", "description": "Vectors that its index holds."},
                "pending": {"type": "integer", "description": "Parked ones too."},
                "parked": {"type": "integer"}}}}}})";

constexpr std::string_view kReleaseRequest = R"({"type": "object",
    "additionalProperties": false, "properties": {
        "set": {"type": "integer", "minimum": 1,
            "description": "A vector set that is not retired. Absent: all."}}})";

constexpr std::string_view kReleaseReport = R"({"type": "object", "required": ["released"],
    "properties": {"released": {"type": "integer", "description": "How many were parked."}}})";

constexpr std::string_view kLogLevel = R"({"type": "object", "required": ["level"],
    "additionalProperties": false,
    "properties": {"level": {"enum": ["debug", "info", "warning", "error"]}}})";

}  // namespace

Json ReferenceTo(Shape shape, std::optional<RecordKind> kind) {
  return Reference(ComponentName(shape, kind));
}

Json ComponentSchemas() {
  Json schemas = Json::Object();
  for (const RecordKind kind : kKinds) AddRecordSchemas(kind, schemas);
  const auto add = [&schemas](Shape shape, Json schema) {
    schemas.Add(ComponentName(shape, std::nullopt), std::move(schema));
  };
  add(Shape::kBatchItem, BatchItemSchema());
  add(Shape::kBatchItems, ArrayOf(ReferenceTo(Shape::kBatchItem, std::nullopt)));
  add(Shape::kBatchResult, JsonLiteral(kBatchResult));
  add(Shape::kBatchResults,
      WithArray(R"({"type": "object", "required": ["items"], "properties": {}})",
                "items",
                ReferenceTo(Shape::kBatchResult, std::nullopt)));
  add(Shape::kLookup, JsonLiteral(kLookup));
  add(Shape::kSearchRequest, JsonLiteral(kSearchRequest));
  add(Shape::kHits, JsonLiteral(kHits));
  add(Shape::kLife,
      JsonLiteral(R"({"type": "object", "properties": {"status": {"const": "ok"}}})"));
  add(Shape::kHealth, JsonLiteral(kHealth));
  add(Shape::kVersion, JsonLiteral(R"({"type": "object", "properties": {"name": {"type": "string"},
      "version": {"type": "string"}, "compiler": {"type": "string"}}})"));
  add(Shape::kErasureRequest, JsonLiteral(kErasureRequest));
  add(Shape::kErasure, JsonLiteral(kErasure));
  add(Shape::kReconcileRequest, JsonLiteral(kReconcileRequest));
  add(Shape::kReconcileReport, JsonLiteral(kReconcileReport));
  add(Shape::kBackupRequest, JsonLiteral(kBackupRequest));
  add(Shape::kBackupReport, JsonLiteral(kBackupReport));
  add(Shape::kMoveRequest, JsonLiteral(kMoveRequest));
  add(Shape::kMoveReport, JsonLiteral(kMoveReport));
  add(Shape::kReleaseRequest, JsonLiteral(kReleaseRequest));
  add(Shape::kReleaseReport, JsonLiteral(kReleaseReport));
  add(Shape::kLogLevel, JsonLiteral(kLogLevel));
  add(Shape::kAnyObject, JsonLiteral(R"({"type": "object"})"));
  add(Shape::kText, JsonLiteral(R"({"type": "string"})"));
  schemas.Add("Problem", JsonLiteral(kProblem));
  return schemas;
}

}  // namespace datastorage::http
