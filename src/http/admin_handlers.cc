#include "http/admin_handlers.h"

#include <array>

#include "base/limits.h"
#include "http/body_members.h"
#include "http/json_body.h"
#include "http/query_parameters.h"
#include "schema/time.h"

namespace datastorage::http {
namespace {

using schema::Json;
using schema::JsonType;

constexpr std::array<std::string_view, 5> kErasureMembers{"id", "kind", "key", "who", "why"};
constexpr std::array<std::string_view, 2> kReconcileMembers{"dry_run", "deep"};
constexpr std::array<std::string_view, 1> kBackupMembers{"name"};

// Reads the body by `read`, which notes what is wrong with it. Returns the refusal, if any.
template <class Read>
std::optional<Response> ReadBody(const Call& call, const Read& read) {
  ProblemReport bad_parameter = WriteReportOf(Problem::kBadParameter, "see errors");
  bad_parameter.errors = QueryParameters(call.request.query).Finish();
  if (!bad_parameter.errors.empty()) return call.Refuse(bad_parameter);
  const Result<schema::ParsedJson> document = ParseObject(call.request);
  if (!document.has_value()) {
    return call.Refuse(WriteReportOf(Problem::kNotJson, document.error().message));
  }
  ProblemReport report = WriteReportOf(Problem::kInvalidRequest, "see errors");
  BodyMembers members(document->value, report.errors);
  for (const schema::JsonDefect& defect : document->defects) {
    members.Refuse(defect.pointer, defect.code, defect.message);
  }
  read(members);
  if (report.errors.empty()) return std::nullopt;
  return call.Refuse(report);
}

ErasureRequest ReadErasure(BodyMembers& members) {
  ErasureRequest request;
  const Json* id = members.Take("id", JsonType::kString, "must be a string");
  const Json* key = members.Take("key", JsonType::kString, "must be a string");
  const Json* kind = members.Take("kind", JsonType::kString, "must be a string");
  if (kind != nullptr) {
    request.kind = ParseRecordKind(kind->text);
    if (!request.kind.has_value()) {
      members.Refuse("/kind", "not_allowed", "must be a kind of record");
    }
  }
  if ((id == nullptr) == (key == nullptr)) {
    members.Refuse("", "required", "exactly one of id and key must be given");
  }
  if (id != nullptr) {
    const std::optional<Uuid> parsed = Uuid::Parse(id->text);
    if (!parsed.has_value()) members.Refuse("/id", "bad_id", "must be a UUID");
    request.ref = parsed.value_or(Uuid());
  }
  if (key != nullptr) {
    if (kind == nullptr) members.Refuse("/kind", "required", "is required beside key");
    if (key->text.empty()) members.Refuse("/key", "blank", "must not be blank");
    request.ref = NaturalKey{request.kind.value_or(RecordKind::kRemediation), key->text};
  }
  request.who = members.RequireLine("who", limits::kErasureWhoByteCountMax).value_or("");
  request.why = members.RequireLine("why", limits::kErasureWhyByteCountMax).value_or("");
  members.RefuseUnknown(kErasureMembers);
  return request;
}

Response RefuseBusy(const Call& call, std::string detail) {
  ProblemReport report = WriteReportOf(Problem::kBusy, std::move(detail));
  report.headers.push_back({"Retry-After", "10"});
  return call.Refuse(report);
}

Json ReconcileToJson(const ReconcileReport& report) {
  Json json = Json::Object();
  json.Add("checked", Json::Integer(report.checked_count));
  json.Add("missing", Json::Integer(report.missing_count));
  json.Add("stale", Json::Integer(report.stale_count));
  json.Add("altered", Json::Integer(report.altered_count));
  json.Add("foreign", Json::Integer(report.foreign_count));
  json.Add("mended", Json::Integer(report.mended_count));
  return json;
}

// Of the time, so that backups sort as they were made: "datastorage-20260301T100000.123Z.db".
std::string NameOfNewBackup(WallTime now) {
  std::string name = "datastorage-";
  for (const char letter : schema::FormatTime(now)) {
    if (letter != '-' && letter != ':') name.push_back(letter);
  }
  return name + ".db";
}

}  // namespace

Response EraseRecord(const Call& call) {
  ErasureRequest request;
  auto refusal = ReadBody(call, [&](BodyMembers& members) { request = ReadErasure(members); });
  if (refusal.has_value()) return *std::move(refusal);
  const Result<ErasureReply> reply = call.services.eraser.Erase(request, call.deadline);
  if (!reply.has_value()) return call.Refuse(WriteReportOf(reply.error()));
  switch (reply->status) {
    case ErasureStatus::kErased: break;
    case ErasureStatus::kErasedBefore:
      return call.Refuse(WriteReportOf(Problem::kGone, "the record was erased before"));
    case ErasureStatus::kNotFound:
      return call.Refuse(WriteReportOf(Problem::kNoSuchRecord, "no such record"));
  }
  Json answer = Json::Object();
  answer.Add("id", Json::String(reply->id.ToString()));
  answer.Add("erased", Json::Boolean(true));
  answer.Add("erased_at", Json::String(schema::FormatTime(reply->at)));
  return JsonAnswer(answer);
}

Response ReconcileIndexes(const Call& call) {
  ReconcileOptions options;
  auto refusal = ReadBody(call, [&](BodyMembers& members) {
    options.is_dry_run = members.TakeFlag("dry_run");
    options.is_deep = members.TakeFlag("deep");
    members.RefuseUnknown(kReconcileMembers);
  });
  if (refusal.has_value()) return *std::move(refusal);
  const Result<std::optional<ReconcileReport>> report =
      call.services.reconciler.Run(options, Deadline::In(limits::kReconcileTimeout));
  if (!report.has_value()) return call.Refuse(WriteReportOf(report.error()));
  if (!report->has_value()) return RefuseBusy(call, "a reconcile is under way");
  return JsonAnswer(ReconcileToJson(**report));
}

Response MakeBackup(const Call& call) {
  std::string name = NameOfNewBackup(call.services.clock.WallNow());
  auto refusal = ReadBody(call, [&](BodyMembers& members) {
    const Json* given = members.Take("name", JsonType::kString, "must be a string");
    if (given != nullptr) name = given->text;
    if (!IsBackupName(name)) {
      members.Refuse("/name", "bad_name", "must be letters, digits, dots, dashes, ending in .db");
    }
    members.RefuseUnknown(kBackupMembers);
  });
  if (refusal.has_value()) return *std::move(refusal);
  const Result<std::optional<BackupReport>> made =
      call.services.backups.Run(name, Deadline::In(limits::kBackupTimeout));
  if (!made.has_value() && made.error().code == ErrorCode::kConflict) {
    ProblemReport report = WriteReportOf(Problem::kInvalidRequest, "see errors");
    report.errors.push_back({"/name", {}, {}, {}, "not_allowed", made.error().message});
    return call.Refuse(report);
  }
  if (!made.has_value()) return call.Refuse(WriteReportOf(made.error()));
  if (!made->has_value()) return RefuseBusy(call, "a backup is under way");
  const BackupReport& report = **made;
  Json answer = Json::Object();
  answer.Add("name", Json::String(report.name));
  answer.Add("bytes", Json::Integer(report.byte_count));
  answer.Add("records", Json::Integer(report.record_count));
  answer.Add("schema_version", Json::Integer(report.schema_version));
  return JsonAnswer(answer);
}

}  // namespace datastorage::http
