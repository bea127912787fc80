#include "http/record_handlers.h"

#include "base/limits.h"
#include "http/filter_parameters.h"
#include "http/header_values.h"
#include "http/json_body.h"
#include "http/query_parameters.h"
#include "http/write_answers.h"
#include "schema/record_json.h"

namespace datastorage::http {
namespace {

using schema::Json;

// A client that patches whatever it finds is not refused for a race that it cannot know of: each
// time one of those that race has won, and there are no more of them than workers.
constexpr int kAnyVersionTryCountMax = static_cast<int>(limits::kWorkerCountMax);

// What stands before the body of a write: query and headers.
std::optional<ProblemReport> CheckWriteHead(const Call& call, std::optional<std::string>& key) {
  std::vector<ProblemError> errors = QueryParameters(call.request.query).Finish();
  if (!errors.empty()) {
    ProblemReport report = WriteReportOf(Problem::kBadParameter, "see errors");
    report.errors = std::move(errors);
    return report;
  }
  key = IdempotencyKeyOf(call.request, errors);
  if (errors.empty()) return std::nullopt;
  ProblemReport report = WriteReportOf(Problem::kBadHeader, "see errors");
  report.errors = std::move(errors);
  return report;
}

std::optional<IdempotencyClaim> ClaimOf(const Call& call, const std::optional<std::string>& key) {
  if (!key.has_value()) return std::nullopt;
  const Request& request = call.request;
  return IdempotencyClaim{*key,
                          Sha256Of({request.method, request.path, request.query, request.body})};
}

Response WriteAnswer(const Call& call, const WriteReply& reply, WriteUse use) {
  const int status = SuccessStatusOf(reply);
  if (status == 0) {
    ProblemReport report = ReportOf(reply, use);
    report.errors = ErrorsOf(reply.violations, "", call.services.metrics);
    if (report.existing_id.has_value()) {
      report.headers.push_back({"Location", PathOf(call.kind(), *report.existing_id)});
    }
    return call.Refuse(report);
  }
  Response response;
  response.status = status;
  const Record& record = reply.record;
  response.headers.push_back({"ETag", EntityTag(record)});
  if (use == WriteUse::kCreate) {
    response.headers.push_back({"Location", PathOf(KindOf(record.body), record.id)});
  }
  if (reply.status == ReplyStatus::kReplayed) {
    response.headers.push_back({"Idempotency-Replayed", "true"});
  }
  if (PreferencesOf(call.request).wants_minimal) {
    response.headers.push_back({"Preference-Applied", "return=minimal"});
    return response;
  }
  SetJson(response, ToText(schema::RecordToJson(record)));
  return response;
}

// One version to expect: the one named, or the current one where several or any may match.
// 0: none of those named is the record's.
std::int64_t ExpectedVersion(const VersionCondition& condition, std::int64_t current) {
  if (condition.is_any) return current;
  for (const std::int64_t version : condition.versions) {
    if (version == current) return version;
  }
  return 0;
}

Response PatchWith(const Call& call, PatchRequest& request, const VersionCondition& condition) {
  if (!condition.is_any && condition.versions.size() == 1) {
    request.if_match_version = condition.versions.front();
    const Result<WriteReply> reply = call.services.writer.Patch(request, call.deadline);
    return reply.has_value() ? WriteAnswer(call, *reply, WriteUse::kPatch)
                             : call.Refuse(WriteReportOf(reply.error()));
  }
  for (int i = 1; true; ++i) {
    RecordLookup lookup = FindRecord(call);
    if (!lookup.found.has_value()) {
      lookup.problem.outcome = WriteEffect::kNone;
      return call.Refuse(lookup.problem);
    }
    request.if_match_version = ExpectedVersion(condition, lookup.found->record.version);
    const Result<WriteReply> reply = call.services.writer.Patch(request, call.deadline);
    if (!reply.has_value()) return call.Refuse(WriteReportOf(reply.error()));
    const bool tries_again = reply->status == ReplyStatus::kStale && condition.is_any;
    if (!tries_again || i == kAnyVersionTryCountMax) {
      return WriteAnswer(call, *reply, WriteUse::kPatch);
    }
  }
}

}  // namespace

Response RefuseErrors(const Call& call, std::vector<ProblemError> errors) {
  ProblemReport report = ReportOf(Problem::kBadParameter, "see errors");
  report.errors = std::move(errors);
  return call.Refuse(report);
}

std::optional<Response> RefuseParameters(const Call& call) {
  std::vector<ProblemError> errors = QueryParameters(call.request.query).Finish();
  if (errors.empty()) return std::nullopt;
  return RefuseErrors(call, std::move(errors));
}

RecordLookup FindRecord(const Call& call) {
  RecordLookup lookup;
  const std::optional<RecordRef> ref = ParseRef(call.kind(), call.request.match.id);
  if (!ref.has_value()) {
    lookup.problem = ReportOf(Problem::kBadParameter, "see errors");
    lookup.problem.errors.push_back(
        {{}, "id", {}, {}, "bad_id", "must be a UUID, or key: and a natural key"});
    return lookup;
  }
  Result<std::vector<ReadOutcome>> read =
      call.services.reader.Get(std::span(&*ref, 1), call.deadline);
  if (!read.has_value()) {
    lookup.problem = ReportOf(read.error());
    return lookup;
  }
  ReadOutcome& outcome = read->front();
  if (outcome.status == ReadStatus::kErased) {
    lookup.problem = ReportOf(Problem::kGone, "the record was erased");
  } else if (outcome.status == ReadStatus::kNotFound ||
             KindOf(outcome.record.body) != call.kind()) {
    lookup.problem = ReportOf(Problem::kNoSuchRecord, "no such record of this kind");
  } else {
    lookup.found = FoundRecord{*ref, std::move(outcome.record)};
  }
  return lookup;
}

Response CreateRecord(const Call& call) {
  std::optional<std::string> key;
  if (const auto refusal = CheckWriteHead(call, key); refusal.has_value()) {
    return call.Refuse(*refusal);
  }
  const Result<schema::ParsedJson> document = ParseObject(call.request);
  if (!document.has_value()) {
    return call.Refuse(WriteReportOf(Problem::kNotJson, document.error().message));
  }
  schema::ParsedBody parsed = schema::ParseCreate(call.kind(), *document);
  if (!parsed.body.has_value()) {
    ProblemReport report = WriteReportOf(Problem::kInvalidRecord, "see errors");
    report.errors = ErrorsOf(parsed.violations, "", call.services.metrics);
    return call.Refuse(report);
  }
  CreateRequest request;
  request.body = *std::move(parsed.body);
  request.content_hash = parsed.content_hash;
  request.claim = ClaimOf(call, key);
  request.mode = PreferencesOf(call.request).mode.value_or(call.services.default_write_mode);
  TakeTrace(request.body, call.request);
  const Result<WriteReply> reply = call.services.writer.Create(request, call.deadline);
  if (!reply.has_value()) return call.Refuse(WriteReportOf(reply.error()));
  return WriteAnswer(call, *reply, WriteUse::kCreate);
}

Response GetRecord(const Call& call) {
  if (auto refusal = RefuseParameters(call); refusal.has_value()) return *std::move(refusal);
  const RecordLookup lookup = FindRecord(call);
  if (!lookup.found.has_value()) return call.Refuse(lookup.problem);
  const Record& record = lookup.found->record;
  Response response;
  response.headers.push_back({"ETag", EntityTag(record)});
  response.headers.push_back({"Cache-Control", "private, no-cache"});
  if (IsUnchanged(call.request, record)) {
    response.status = 304;
    return response;
  }
  SetJson(response, ToText(schema::RecordToJson(record)));
  return response;
}

Response PatchRecord(const Call& call) {
  std::optional<std::string> key;
  if (const auto refusal = CheckWriteHead(call, key); refusal.has_value()) {
    return call.Refuse(*refusal);
  }
  const std::optional<VersionCondition> condition = IfMatch(call.request);
  if (!condition.has_value()) {
    return call.Refuse(
        WriteReportOf(Problem::kIfMatchRequired, "send the ETag of the version you have read"));
  }
  Result<schema::ParsedJson> document = ParseObject(call.request);
  if (!document.has_value()) {
    return call.Refuse(WriteReportOf(Problem::kNotJson, document.error().message));
  }
  PatchRequest request;
  request.kind = call.kind();
  request.patch = *std::move(document);
  request.claim = ClaimOf(call, key);
  const std::optional<RecordRef> ref = ParseRef(call.kind(), call.request.match.id);
  if (!ref.has_value()) {
    RecordLookup lookup = FindRecord(call);
    lookup.problem.outcome = WriteEffect::kNone;
    return call.Refuse(lookup.problem);
  }
  request.ref = *ref;
  return PatchWith(call, request, *condition);
}

Response GetHistory(const Call& call) {
  if (auto refusal = RefuseParameters(call); refusal.has_value()) return *std::move(refusal);
  const RecordLookup lookup = FindRecord(call);
  if (!lookup.found.has_value()) return call.Refuse(lookup.problem);
  const Result<std::vector<Record>> versions =
      call.services.reader.History(lookup.found->record.id, call.deadline);
  if (!versions.has_value()) return call.Refuse(ReportOf(versions.error()));
  Json items = Json::Array();
  for (const Record& version : *versions) {
    Json item = schema::RecordToJson(version);
    // How far a vector is belongs to the record, not to a version of it.
    std::erase_if(item.members,
                  [](const Json::Member& member) { return member.first == "vector"; });
    items.Add(std::move(item));
  }
  Json answer = Json::Object();
  answer.Add("items", std::move(items));
  return JsonAnswer(answer);
}

}  // namespace datastorage::http
