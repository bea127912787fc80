#include "http/batch_handlers.h"

#include <algorithm>
#include <span>

#include "base/limits.h"
#include "http/batch_array.h"
#include "http/batch_items.h"
#include "http/json_body.h"
#include "http/query_parameters.h"
#include "http/write_answers.h"

namespace datastorage::http {
namespace {

using schema::Json;

ProblemReport BadParameters(std::vector<ProblemError> errors) {
  ProblemReport report = WriteReportOf(Problem::kBadParameter, "see errors");
  report.errors = std::move(errors);
  return report;
}

ProblemReport KeyInHeader() {
  ProblemReport report = WriteReportOf(Problem::kBadHeader, "each item of a batch has its own key");
  report.errors.push_back(
      {{}, {}, "Idempotency-Key", {}, "not_allowed", "is a member of each item here"});
  return report;
}

Response ItemsAnswer(std::vector<Json> results) {
  Json items = Json::Array();
  items.elements = std::move(results);
  Json answer = Json::Object();
  answer.Add("items", std::move(items));
  return JsonAnswer(answer);
}

ProblemReport TooLong(std::string_view what) {
  return WriteReportOf(Problem::kBodyTooLarge,
                       std::string(what) + " is longer than " +
                           std::to_string(limits::kRecordByteCountMax) + " bytes");
}

// All items, or what keeps the body from being JSON. Nothing is stored before all are read.
Result<std::vector<BatchItem>> ParseItems(std::span<const std::string_view> texts,
                                          const Call& call) {
  std::vector<BatchItem> items;
  items.reserve(texts.size());
  for (const std::string_view text : texts) {
    if (text.size() > limits::kRecordByteCountMax) {
      items.emplace_back(TooLong("an item"));
      continue;
    }
    const Result<schema::ParsedJson> document = schema::ParseJson(text);
    if (!document.has_value()) {
      return InvalidArgument("item " + std::to_string(items.size()) + ": " +
                             document.error().message);
    }
    items.push_back(ParseBatchItem(*document, text, call));
  }
  return items;
}

Response CreateEachItem(std::vector<BatchItem> items, const Call& call) {
  std::vector<Json> results;
  while (results.size() < items.size()) {
    const std::size_t end = std::min(items.size(), results.size() + limits::kCommitBatchCountMax);
    std::vector<BatchItem> group;
    for (std::size_t i = results.size(); i < end; ++i) group.push_back(std::move(items[i]));
    const auto first_index = static_cast<std::int64_t>(results.size());
    for (Json& result : WriteItems(std::move(group), first_index, call, call.deadline)) {
      results.push_back(std::move(result));
    }
  }
  return ItemsAnswer(std::move(results));
}

// The answer to an atomic batch that was not stored: every item's own reason, in order.
Response RefuseAll(const Call& call, std::vector<Json> results) {
  const ProblemReport report =
      WriteReportOf(Problem::kBatchRefused, "nothing was stored; see items");
  Response response = call.Refuse(report);
  Json body = ToJson(report, call.request.request_id);
  Json items = Json::Array();
  items.elements = std::move(results);
  body.Add("items", std::move(items));
  response.body = ToText(body);
  return response;
}

Response CreateAllItems(std::vector<BatchItem> items, const Call& call) {
  std::vector<CreateRequest> requests;
  std::vector<Json> results;
  bool is_valid = true;
  const ProblemReport neighbour_failed =
      WriteReportOf(Problem::kNotAttempted, "another item of the batch failed");
  for (std::size_t i = 0; i < items.size(); ++i) {
    BatchItem& item = items[i];
    const auto index = static_cast<std::int64_t>(i);
    if (const auto* report = std::get_if<ProblemReport>(&item)) {
      is_valid = false;
      results.push_back(ItemResult(index, *report));
    } else {
      requests.push_back(std::get<CreateRequest>(std::move(item)));
      results.push_back(ItemResult(index, neighbour_failed));
    }
  }
  if (!is_valid) return RefuseAll(call, std::move(results));
  const Result<std::vector<WriteReply>> replies =
      call.services.writer.CreateAll(requests, call.deadline);
  if (!replies.has_value()) return call.Refuse(WriteReportOf(replies.error()));
  results.clear();
  for (const WriteReply& reply : *replies) {
    is_valid = is_valid && SuccessStatusOf(reply) != 0;
    results.push_back(ItemResult(static_cast<std::int64_t>(results.size()), reply));
  }
  return is_valid ? ItemsAnswer(std::move(results)) : RefuseAll(call, std::move(results));
}

// Lines in, one line of result each out. Holds no more than one line and one group.
class NdjsonBatch final : public BodyStream {
 public:
  explicit NdjsonBatch(const Call& call) : call_(call) {
    QueryParameters query(call.request.query);
    if (query.TakeFlag("atomic")) {
      query.Refuse("atomic", "not_allowed", "is for arrays: a stream is stored line by line");
    }
    std::vector<ProblemError> errors = query.Finish();
    if (call.request.CountOf("idempotency-key") > 0) refusal_ = KeyInHeader();
    if (!errors.empty()) refusal_ = BadParameters(std::move(errors));
  }

  Response Head() override {
    if (refusal_.has_value()) return call_.Refuse(*refusal_);
    return {200, {{"Content-Type", std::string(kNdjson)}}, {}};
  }

  std::string Take(std::string_view bytes, bool is_last) override {
    if (refusal_.has_value()) return is_last ? Head().body : std::string();
    output_.clear();
    while (!bytes.empty()) {
      const std::size_t end = bytes.find('\n');
      AddToLine(bytes.substr(0, end));
      if (end == std::string_view::npos) break;
      bytes.remove_prefix(end + 1);
      FinishLine();
    }
    if (is_last) FinishLine();
    WriteGroup();
    return std::move(output_);
  }

 private:
  void AddToLine(std::string_view text) {
    is_too_long_ = is_too_long_ || line_.size() + text.size() > limits::kRecordByteCountMax;
    if (is_too_long_) {
      line_.clear();
    } else {
      line_ += text;
    }
  }

  void FinishLine() {
    if (is_too_long_) {
      group_.emplace_back(WriteReportOf(
          Problem::kBodyTooLarge,
          "a line is longer than " + std::to_string(limits::kRecordByteCountMax) + " bytes"));
    } else if (line_.find_first_not_of(" \t\r") != std::string::npos) {
      const Result<schema::ParsedJson> document = schema::ParseJson(line_);
      group_.push_back(document.has_value()
                           ? ParseBatchItem(*document, line_, call_)
                           : WriteReportOf(Problem::kNotJson, document.error().message));
    }
    line_.clear();
    is_too_long_ = false;
    if (group_.size() >= limits::kCommitBatchCountMax) WriteGroup();
  }

  void WriteGroup() {
    if (group_.empty()) return;
    const auto count = static_cast<std::int64_t>(group_.size());
    const Deadline deadline = Deadline::In(limits::kRequestTimeout);
    for (const Json& result : WriteItems(std::move(group_), next_index_, call_, deadline)) {
      output_ += ToText(result);
      output_.push_back('\n');
    }
    group_.clear();
    next_index_ += count;
  }

  const Call call_;
  std::optional<ProblemReport> refusal_;  // Of the whole stream.
  std::string line_;
  bool is_too_long_ = false;
  std::vector<BatchItem> group_;
  std::int64_t next_index_ = 0;
  std::string output_;
};

}  // namespace

Response CreateBatch(const Call& call) {
  QueryParameters query(call.request.query);
  const bool is_atomic = query.TakeFlag("atomic");
  std::vector<ProblemError> errors = query.Finish();
  if (!errors.empty()) return call.Refuse(BadParameters(std::move(errors)));
  if (call.request.CountOf("idempotency-key") > 0) return call.Refuse(KeyInHeader());
  const Result<std::vector<std::string_view>> texts =
      SplitJsonArray(call.request.body, limits::kBatchItemCountMax);
  if (!texts.has_value()) {
    const bool is_too_large = texts.error().code == ErrorCode::kResourceExhausted;
    return call.Refuse(WriteReportOf(is_too_large ? Problem::kBodyTooLarge : Problem::kNotJson,
                                     texts.error().message));
  }
  Result<std::vector<BatchItem>> items = ParseItems(*texts, call);
  if (!items.has_value())
    return call.Refuse(WriteReportOf(Problem::kNotJson, items.error().message));
  return is_atomic ? CreateAllItems(*std::move(items), call)
                   : CreateEachItem(*std::move(items), call);
}

std::unique_ptr<BodyStream> StreamBatch(const Call& call) {
  return std::make_unique<NdjsonBatch>(call);
}

}  // namespace datastorage::http
