#include "http/batch_items.h"

#include "http/header_values.h"
#include "http/write_answers.h"

namespace datastorage::http {
namespace {

using schema::Json;
using schema::JsonType;

constexpr std::string_view kKeyMember = "Idempotency-Key";

ProblemError ItemError(std::string pointer, std::string code, std::string message) {
  ProblemError error;
  error.pointer = std::move(pointer);
  error.code = std::move(code);
  error.message = std::move(message);
  return error;
}

// Reads all of the item but its record.
struct ItemHead {
  std::optional<RecordKind> kind;
  const Json* record = nullptr;
  std::optional<std::string> key;
  std::vector<ProblemError> errors;
};

void ReadKind(const Json& item, ItemHead& head) {
  const Json* kind = item.Find("kind");
  if (kind != nullptr && kind->type == JsonType::kString) head.kind = ParseRecordKind(kind->text);
  if (head.kind.has_value()) return;
  head.errors.push_back(
      kind == nullptr ? ItemError("/kind", "required", "is required")
                      : ItemError("/kind",
                                  "not_allowed",
                                  "must be one of remediation, aianalysis, workflow, execution"));
}

void ReadKey(const Json& item, ItemHead& head) {
  const Json* key = item.Find(kKeyMember);
  if (key == nullptr || key->type == JsonType::kNull) return;
  const std::string defect =
      key->type == JsonType::kString ? IdempotencyKeyDefect(key->text) : "must be a string";
  if (defect.empty()) {
    head.key = key->text;
  } else {
    head.errors.push_back(ItemError("/Idempotency-Key", "bad_key", defect));
  }
}

ItemHead ReadHead(const Json& item) {
  ItemHead head;
  if (item.type != JsonType::kObject) {
    head.errors.push_back(ItemError("", "wrong_type", "must be an object"));
    return head;
  }
  ReadKind(item, head);
  head.record = item.Find("record");
  if (head.record == nullptr) {
    head.errors.push_back(ItemError("/record", "required", "is required"));
  } else if (head.record->type != JsonType::kObject) {
    head.errors.push_back(ItemError("/record", "wrong_type", "must be an object"));
  }
  ReadKey(item, head);
  for (const Json::Member& member : item.members) {
    const std::string_view name = member.first;
    if (name == "kind" || name == "record" || name == kKeyMember) continue;
    head.errors.push_back(
        ItemError("/" + schema::EscapePointerToken(name), "unknown_member", "is not known"));
  }
  return head;
}

// The defects inside `record`, with pointers into it; the others become errors of the item.
std::vector<schema::JsonDefect> SplitDefects(const schema::ParsedJson& item, ItemHead& head) {
  constexpr std::string_view kRecord = "/record";
  std::vector<schema::JsonDefect> of_record;
  for (const schema::JsonDefect& defect : item.defects) {
    if (defect.pointer.starts_with("/record/")) {
      of_record.push_back({defect.pointer.substr(kRecord.size()), defect.code, defect.message});
    } else {
      head.errors.push_back(ItemError(defect.pointer, defect.code, defect.message));
    }
  }
  return of_record;
}

ProblemReport InvalidItem(std::vector<ProblemError> errors) {
  ProblemReport report = WriteReportOf(Problem::kInvalidRecord, "see errors");
  report.errors = std::move(errors);
  return report;
}

}  // namespace

BatchItem ParseBatchItem(const schema::ParsedJson& item,
                         std::string_view as_sent,
                         const Call& call) {
  ItemHead head = ReadHead(item.value);
  std::vector<schema::JsonDefect> defects = SplitDefects(item, head);
  const bool can_read =
      head.kind.has_value() && head.record != nullptr && head.record->type == JsonType::kObject;
  if (!can_read) return InvalidItem(std::move(head.errors));
  const schema::ParsedJson document{*head.record, std::move(defects)};
  schema::ParsedBody parsed = schema::ParseCreate(*head.kind, document);
  for (ProblemError& error : ErrorsOf(parsed.violations, "/record", call.services.metrics)) {
    head.errors.push_back(std::move(error));
  }
  if (!head.errors.empty()) return InvalidItem(std::move(head.errors));
  CreateRequest request;
  request.body = *std::move(parsed.body);
  request.content_hash = parsed.content_hash;
  request.mode = PreferencesOf(call.request).mode.value_or(call.services.default_write_mode);
  if (head.key.has_value()) {
    const Request& sent = call.request;
    request.claim = IdempotencyClaim{*head.key, Sha256Of({sent.method, sent.path, as_sent})};
  }
  TakeTrace(request.body, call.request);
  return request;
}

Json ItemResult(std::int64_t index, const ProblemReport& report) {
  Json result = Json::Object();
  result.Add("index", Json::Integer(index));
  result.Add("status", Json::Integer(Describe(report.problem).status));
  if (report.existing_id.has_value()) {
    result.Add("id", Json::String(report.existing_id->ToString()));
  }
  result.Add("error", ToJson(report, {}));
  return result;
}

Json ItemResult(std::int64_t index, const Result<WriteReply>& reply) {
  if (!reply.has_value()) return ItemResult(index, WriteReportOf(reply.error()));
  const int status = SuccessStatusOf(*reply);
  if (status == 0) return ItemResult(index, ReportOf(*reply, WriteUse::kCreate));
  Json result = Json::Object();
  result.Add("index", Json::Integer(index));
  result.Add("status", Json::Integer(status));
  result.Add("id", Json::String(reply->record.id.ToString()));
  result.Add("vector", Json::String(NameOf(reply->record.vector)));
  return result;
}

std::vector<Json> WriteItems(std::vector<BatchItem> items,
                             std::int64_t first_index,
                             const Call& call,
                             Deadline deadline) {
  std::vector<CreateRequest> requests;
  for (BatchItem& item : items) {
    if (auto* request = std::get_if<CreateRequest>(&item)) requests.push_back(std::move(*request));
  }
  const std::vector<Result<WriteReply>> replies =
      call.services.writer.CreateEach(requests, deadline);
  std::vector<Json> results;
  results.reserve(items.size());
  std::size_t next_reply = 0;
  for (const BatchItem& item : items) {
    const std::int64_t index = first_index + static_cast<std::int64_t>(results.size());
    if (const auto* report = std::get_if<ProblemReport>(&item)) {
      results.push_back(ItemResult(index, *report));
    } else {
      results.push_back(ItemResult(index, replies[next_reply++]));
    }
  }
  return results;
}

}  // namespace datastorage::http
