#include "client/client.h"

#include <algorithm>

#include "base/uuid.h"
#include "client/transport.h"
#include "schema/json.h"

namespace datastorage::client {
namespace {

using schema::Json;

std::string RecordPath(std::string_view kind, std::string_view id, std::string_view rest = {}) {
  return "/api/v1/audit/" + net::PercentEncode(kind) + "/" + net::PercentEncode(id) +
         std::string(rest);
}

std::string KindPath(std::string_view kind) {
  return "/api/v1/audit/" + net::PercentEncode(kind);
}

void AddWriteHeaders(const WriteOptions& options, std::vector<net::HttpHeader>& headers) {
  const std::string& key = options.idempotency_key;
  headers.push_back(
      {"Idempotency-Key", key.empty() ? SystemUuidSource().MakeVersion4().ToString() : key});
  if (options.is_strict) headers.push_back({"Prefer", "write=strict"});
}

// An ETag from a bare version number; the server compares the version part alone.
std::string EtagFrom(std::string_view text) {
  const bool is_number = !text.empty() && std::ranges::all_of(text, [](char letter) {
    return letter >= '0' && letter <= '9';
  });
  return is_number ? "\"" + std::string(text) + ".n\"" : std::string(text);
}

StoredRecord RecordFrom(net::HttpResponse response) {
  StoredRecord record;
  if (const std::string* etag = response.FindHeader("ETag")) record.etag = *etag;
  record.is_replayed = response.FindHeader("Idempotency-Replayed") != nullptr;
  record.is_new = response.status == 201;
  record.json = std::move(response.body);
  return record;
}

Error NotThisApi(std::string message) {
  Error error;
  error.kind = ErrorKind::kProtocol;
  error.message = std::move(message);
  return error;
}

Result<Page> PageFrom(net::HttpResponse response) {
  const auto parsed = schema::ParseJson(response.body);
  const Json* items = parsed.has_value() ? parsed->value.Find("items") : nullptr;
  if (items == nullptr || items->type != schema::JsonType::kArray) {
    return NotThisApi("the server's list has no items");
  }
  Page page;
  for (const Json& item : items->elements) page.items.push_back(schema::ToText(item));
  if (const Json* cursor = parsed->value.Find("next_cursor")) page.next_cursor = cursor->text;
  page.json = std::move(response.body);
  return page;
}

Result<ItemResult> ItemFrom(std::string_view line) {
  const auto parsed = schema::ParseJson(line);
  const Json* index = parsed.has_value() ? parsed->value.Find("index") : nullptr;
  const Json* status = parsed.has_value() ? parsed->value.Find("status") : nullptr;
  if (index == nullptr || status == nullptr || !index->AsInteger() || !status->AsInteger()) {
    return NotThisApi("the server's batch answer has a line without index and status");
  }
  ItemResult item;
  item.index = static_cast<std::size_t>(std::max<std::int64_t>(0, *index->AsInteger()));
  item.status = static_cast<int>(std::clamp<std::int64_t>(*status->AsInteger(), 0, 599));
  if (const Json* id = parsed->value.Find("id")) item.id = id->text;
  if (item.status >= 400) {
    const Json* error = parsed->value.Find("error");
    item.error = ErrorFromProblem(item.status, error == nullptr ? "{}" : schema::ToText(*error));
  }
  return item;
}

// Hands out the batch's lines in the portions that the transport asks for.
class LineFeeder {
 public:
  explicit LineFeeder(const Client::LineSource& next_line) : next_line_(next_line) {}

  std::size_t Fill(char* buffer, std::size_t size) {
    std::size_t filled = 0;
    while (filled < size) {
      if (position_ == line_.size() && !Advance()) break;
      const std::size_t count = std::min(size - filled, line_.size() - position_);
      std::copy_n(line_.data() + position_, count, buffer + filled);
      position_ += count;
      filled += count;
    }
    return filled;
  }

 private:
  bool Advance() {
    std::optional<std::string> line = next_line_();
    if (!line) return false;
    line_ = *std::move(line) + "\n";
    position_ = 0;
    return true;
  }

  const Client::LineSource& next_line_;
  std::string line_;
  std::size_t position_ = 0;
};

}  // namespace

Client::Client(ClientOptions options)
    : transport_(std::make_unique<Transport>(std::move(options))) {}

Client::~Client() = default;

Result<StoredRecord> Client::Create(std::string_view kind,
                                    std::string_view record_json,
                                    const WriteOptions& options) {
  net::HttpRequest request;
  request.method = "POST";
  request.url = transport_->Url(KindPath(kind));
  request.headers.push_back({"Content-Type", "application/json"});
  AddWriteHeaders(options, request.headers);
  request.body = record_json;
  Result<net::HttpResponse> answer = transport_->Send(request);
  if (!answer) return answer.error();
  return RecordFrom(*std::move(answer));
}

Result<StoredRecord> Client::Get(std::string_view kind, std::string_view id) {
  net::HttpRequest request;
  request.url = transport_->Url(RecordPath(kind, id));
  Result<net::HttpResponse> answer = transport_->Send(request);
  if (!answer) return answer.error();
  return RecordFrom(*std::move(answer));
}

Result<StoredRecord> Client::Patch(std::string_view kind,
                                   std::string_view id,
                                   std::string_view etag,
                                   std::string_view patch_json,
                                   const WriteOptions& options) {
  net::HttpRequest request;
  request.method = "PATCH";
  request.url = transport_->Url(RecordPath(kind, id));
  request.headers.push_back({"Content-Type", "application/merge-patch+json"});
  request.headers.push_back({"If-Match", EtagFrom(etag)});
  AddWriteHeaders(options, request.headers);
  request.body = patch_json;
  Result<net::HttpResponse> answer = transport_->Send(request);
  if (!answer) return answer.error();
  return RecordFrom(*std::move(answer));
}

Result<Page> Client::List(std::string_view kind, const Parameters& parameters) {
  net::HttpRequest request;
  request.url = transport_->Url(KindPath(kind), parameters);
  Result<net::HttpResponse> answer = transport_->Send(request);
  if (!answer) return answer.error();
  return PageFrom(*std::move(answer));
}

Result<Page> Client::History(std::string_view kind, std::string_view id) {
  net::HttpRequest request;
  request.url = transport_->Url(RecordPath(kind, id, "/history"));
  Result<net::HttpResponse> answer = transport_->Send(request);
  if (!answer) return answer.error();
  return PageFrom(*std::move(answer));
}

Result<std::string> Client::Search(const Parameters& parameters) {
  net::HttpRequest request;
  request.url = transport_->Url("/api/v1/audit/search", parameters);
  Result<net::HttpResponse> answer = transport_->Send(request);
  if (!answer) return answer.error();
  return std::move(answer->body);
}

Result<std::string> Client::Similar(std::string_view kind,
                                    std::string_view id,
                                    const Parameters& parameters) {
  net::HttpRequest request;
  request.url = transport_->Url(RecordPath(kind, id, "/similar"), parameters);
  Result<net::HttpResponse> answer = transport_->Send(request);
  if (!answer) return answer.error();
  return std::move(answer->body);
}

Result<std::size_t> Client::CreateBatch(const LineSource& next_line,
                                        const ItemSink& on_item,
                                        const WriteOptions& options) {
  LineFeeder feeder(next_line);
  std::size_t item_count = 0;
  std::optional<Error> broken;
  net::HttpRequest request;
  request.method = "POST";
  request.url = transport_->Url("/api/v1/audit/batch");
  request.headers = {{"Content-Type", "application/x-ndjson"}, {"Accept", "application/x-ndjson"}};
  if (options.is_strict) request.headers.push_back({"Prefer", "write=strict"});
  request.body_source = [&](char* buffer, std::size_t size) { return feeder.Fill(buffer, size); };
  request.line_sink = [&](std::string_view line) {
    if (broken || line.empty()) return;
    const Result<ItemResult> item = ItemFrom(line);
    if (!item) {
      broken = item.error();
      return;
    }
    ++item_count;
    on_item(*item);
  };
  const Result<net::HttpResponse> answer = transport_->SendStream(request);
  if (!answer) return answer.error();
  if (answer->status >= 400) return ErrorFromResponse(*answer);
  if (broken) return *broken;
  return item_count;
}

Result<std::string> Client::Administer(std::string_view path, std::string_view json, bool repeats) {
  net::HttpRequest request;
  request.method = "POST";
  request.url = transport_->Url(path);
  request.headers.push_back({"Content-Type", "application/json"});
  request.body = json;
  request.is_idempotent = repeats;
  Result<net::HttpResponse> answer =
      repeats ? transport_->Send(request) : transport_->SendOnce(request);
  if (!answer) return answer.error();
  if (answer->status >= 400) return ErrorFromResponse(*answer);
  return std::move(answer->body);
}

Result<Health> Client::CheckHealth() {
  net::HttpRequest request;
  request.url = transport_->Url("/readyz", {{"verbose", ""}});
  Result<net::HttpResponse> answer = transport_->SendOnce(request);
  if (!answer) return answer.error();
  // Not ready is an answer too, but only in our own words.
  if (answer->status != 200 && answer->status != 503) return ErrorFromResponse(*answer);
  return Health{answer->status == 200, std::move(answer->body)};
}

Result<std::string> Client::Version() {
  net::HttpRequest request;
  request.url = transport_->Url("/version");
  Result<net::HttpResponse> answer = transport_->SendOnce(request);
  if (!answer) return answer.error();
  if (answer->status != 200) return ErrorFromResponse(*answer);
  return std::move(answer->body);
}

Result<std::string> Client::OpenApi() {
  net::HttpRequest request;
  request.url = transport_->Url("/openapi.json");
  Result<net::HttpResponse> answer = transport_->Send(request);
  if (!answer) return answer.error();
  return std::move(answer->body);
}

}  // namespace datastorage::client
