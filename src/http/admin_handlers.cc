#include "http/admin_handlers.h"

#include <array>

#include "base/limits.h"
#include "base/log.h"
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
constexpr std::array<std::string_view, 1> kMoveMembers{"action"};
constexpr std::array<std::string_view, 1> kReleaseMembers{"set"};
constexpr std::array<std::string_view, 1> kLogLevelMembers{"level"};
constexpr std::size_t kLogLevelByteCountMax = 16;

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
  json.Add("skipped_sets", Json::Integer(report.skipped_count));
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

// What the state of things does not allow of what the body asks for.
Response RefuseAt(const Call& call, std::string pointer, const Error& error) {
  const bool is_refusal = error.code == ErrorCode::kConflict ||
                          error.code == ErrorCode::kNotFound ||
                          error.code == ErrorCode::kInvalidArgument;
  if (!is_refusal) return call.Refuse(WriteReportOf(error));
  ProblemReport report = WriteReportOf(Problem::kInvalidRequest, "see errors");
  report.errors.push_back({std::move(pointer), {}, {}, {}, "not_allowed", error.message});
  return call.Refuse(report);
}

Json MoveToJson(const MoveReport& report) {
  Json sets = Json::Array();
  for (const MovePlace& place : report.places) {
    Json set = Json::Object();
    set.Add("set", Json::Integer(place.set.id));
    set.Add("engine", Json::String(place.set.engine));
    set.Add("space", Json::String(place.set.space));
    set.Add("state", Json::String(std::string(NameOf(place.set.state))));
    set.Add("in_use", Json::Boolean(place.is_in_use));
    if (place.foreign_mark.has_value()) set.Add("holds", Json::Integer(*place.foreign_mark));
    if (place.point_count.has_value()) set.Add("points", Json::Integer(*place.point_count));
    set.Add("pending", Json::Integer(place.pending_count));
    set.Add("parked", Json::Integer(place.parked_count));
    sets.Add(std::move(set));
  }
  Json json = Json::Object();
  json.Add("target", Json::String(report.target));
  json.Add("moving", Json::Boolean(report.is_moving));
  json.Add("left", Json::Integer(report.left_count));
  json.Add("sets", std::move(sets));
  return json;
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
  if (!made.has_value()) {
    // Of the name, or of what the store is.
    const bool is_taken = made.error().code == ErrorCode::kConflict;
    return RefuseAt(call, is_taken ? "/name" : "", made.error());
  }
  if (!made->has_value()) return RefuseBusy(call, "a backup is under way");
  const BackupReport& report = **made;
  Json answer = Json::Object();
  answer.Add("name", Json::String(report.name));
  answer.Add("bytes", Json::Integer(report.byte_count));
  answer.Add("records", Json::Integer(report.record_count));
  answer.Add("schema_version", Json::Integer(report.schema_version));
  return JsonAnswer(answer);
}

Response MoveSearches(const Call& call) {
  std::string action = "begin";
  auto refusal = ReadBody(call, [&](BodyMembers& members) {
    const Json* given = members.Take("action", JsonType::kString, "must be a string");
    if (given != nullptr) action = given->text;
    if (action != "begin" && action != "report" && action != "cancel") {
      members.Refuse("/action", "not_allowed", "must be begin, report or cancel");
    }
    members.RefuseUnknown(kMoveMembers);
  });
  if (refusal.has_value()) return *std::move(refusal);
  MoveService& mover = call.services.mover;
  // A row for each record that there is takes long.
  const Deadline deadline = Deadline::In(limits::kReconcileTimeout);
  const Result<MoveReport> report = action == "begin"    ? mover.Begin(deadline)
                                    : action == "cancel" ? mover.Cancel(deadline)
                                                         : mover.Report(call.deadline);
  if (!report.has_value()) return RefuseAt(call, "/action", report.error());
  return JsonAnswer(MoveToJson(*report));
}

Response ReleaseParked(const Call& call) {
  std::optional<VectorSetId> set;
  auto refusal = ReadBody(call, [&](BodyMembers& members) {
    set = members.TakeInteger("set", 1, limits::kIntegerMax);
    members.RefuseUnknown(kReleaseMembers);
  });
  if (refusal.has_value()) return *std::move(refusal);
  const Result<std::int64_t> released = call.services.mover.Release(set, call.deadline);
  if (!released.has_value()) return RefuseAt(call, "/set", released.error());
  Json answer = Json::Object();
  answer.Add("released", Json::Integer(*released));
  return JsonAnswer(answer);
}

Response ChangeLogLevel(const Call& call) {
  std::string name;
  std::optional<LogLevel> level;
  auto refusal = ReadBody(call, [&](BodyMembers& members) {
    name = members.RequireLine("level", kLogLevelByteCountMax).value_or("");
    level = ParseLogLevel(name);
    if (!name.empty() && !level.has_value()) {
      members.Refuse("/level", "not_allowed", "must be debug, info, warning or error");
    }
    members.RefuseUnknown(kLogLevelMembers);
  });
  if (refusal.has_value()) return *std::move(refusal);
  SetLogLevel(*level);
  Json answer = Json::Object();
  answer.Add("level", Json::String(name));
  return JsonAnswer(answer);
}

}  // namespace datastorage::http
