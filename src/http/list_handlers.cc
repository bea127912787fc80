#include "http/list_handlers.h"

#include "base/limits.h"
#include "http/filter_parameters.h"
#include "http/json_body.h"
#include "http/query_parameters.h"
#include "http/record_handlers.h"
#include "schema/members.h"
#include "schema/record_json.h"

namespace datastorage::http {
namespace {

using schema::Json;

// All but the filter, which needs the time of the walk.
void TakePage(QueryParameters& query, const std::vector<Member>& members, ListRequest& request) {
  request.limit = static_cast<int>(query.TakeInteger("limit", 1, limits::kListPageCountMax)
                                       .value_or(limits::kListPageCountDefault));
  request.sort = TakeSort(query, members);
  const auto offset = query.TakeInteger("offset", 0, limits::kListOffsetMax);
  request.offset = static_cast<int>(offset.value_or(0));
  if (offset.has_value() && !request.cursor.empty()) {
    query.Refuse("offset", "not_allowed", "may not be given with cursor");
  }
  const std::optional<std::string> count = query.Take("count");
  request.wants_count = count.has_value();
  if (count.has_value() && *count != "exact") {
    query.Refuse("count", "not_allowed", "must be exact");
  }
}

// The time that relative times are counted from: fixed by the first page.
WallTime TakeCursor(QueryParameters& query, ListRequest& request, const Services& services) {
  const std::optional<std::string> cursor = query.Take("cursor");
  if (!cursor.has_value()) return services.clock.WallNow();
  const Result<WallTime> time = services.reader.CursorTime(*cursor);
  if (!time.has_value()) {
    query.Refuse("cursor", "bad_cursor", time.error().message);
    return services.clock.WallNow();
  }
  request.cursor = *cursor;
  return *time;
}

Response PageAnswer(const Call& call,
                    const ListReply& reply,
                    const std::vector<std::string>& fields,
                    const QueryParameters& query) {
  Json items = Json::Array();
  for (const Record& record : reply.records) {
    items.Add(schema::SelectMembers(schema::RecordToJson(record), fields));
  }
  const bool is_last = reply.next_cursor.empty();
  Json answer = Json::Object();
  answer.Add("items", std::move(items));
  answer.Add("next_cursor", is_last ? Json() : Json::String(reply.next_cursor));
  if (reply.count.has_value()) answer.Add("count", Json::Integer(*reply.count));
  Response response = JsonAnswer(answer);
  if (is_last) return response;
  std::string rest = query.QueryWithout({"cursor", "offset"});
  if (!rest.empty()) rest.push_back('&');
  response.headers.push_back({"Link",
                              "<" + call.request.path + "?" + rest + "cursor=" +
                                  PercentEncode(reply.next_cursor) + ">; rel=\"next\""});
  return response;
}

// "<kind>/key:<natural key>" or a UUID; of what kind that is, the store knows.
std::optional<RecordRef> ParseMixedRef(std::string_view text) {
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos) {
    const std::optional<Uuid> id = Uuid::Parse(text);
    return id.has_value() ? std::optional<RecordRef>(*id) : std::nullopt;
  }
  const std::optional<RecordKind> kind = ParseRecordKind(text.substr(0, slash));
  const std::string_view rest = text.substr(slash + 1);
  if (!kind.has_value() || !rest.starts_with("key:")) return std::nullopt;
  return ParseRef(*kind, rest);
}

// References joined by commas. A comma that no reference follows belongs to the natural key
// before it.
std::vector<std::string> SplitRefs(std::string_view joined) {
  std::vector<std::string> refs;
  while (true) {
    const std::size_t end = joined.find(',');
    const std::string part(joined.substr(0, end));
    const bool continues_key =
        !refs.empty() && refs.back().find("/key:") != std::string::npos && !ParseMixedRef(part);
    if (continues_key) {
      refs.back() += "," + part;
    } else {
      refs.push_back(part);
    }
    if (end == std::string_view::npos) return refs;
    joined.remove_prefix(end + 1);
  }
}

struct AskedRefs {
  std::vector<std::string> texts;
  std::vector<RecordRef> refs;
};

AskedRefs TakeRefs(QueryParameters& query) {
  AskedRefs asked;
  for (const std::string& value : query.TakeAll("ids")) {
    for (std::string& text : SplitRefs(value)) {
      if (const auto ref = ParseMixedRef(text); ref.has_value()) {
        asked.refs.push_back(*ref);
      } else {
        query.Refuse(
            "ids", "bad_id", "\"" + text + "\" is neither a UUID nor kind/key:natural-key");
      }
      asked.texts.push_back(std::move(text));
    }
  }
  if (asked.texts.empty()) query.Refuse("ids", "required", "is required");
  if (asked.texts.size() > limits::kIdsPerRequestCountMax) {
    query.Refuse("ids",
                 "out_of_range",
                 "may name at most " + std::to_string(limits::kIdsPerRequestCountMax) + " records");
  }
  return asked;
}

Json LookupItem(const std::string& ref, const ReadOutcome& outcome) {
  Json item = Json::Object();
  item.Add("ref", Json::String(ref));
  if (outcome.status == ReadStatus::kFound) {
    item.Add("kind", Json::String(NameOf(KindOf(outcome.record.body))));
    item.Add("record", schema::RecordToJson(outcome.record));
    return item;
  }
  const bool is_gone = outcome.status == ReadStatus::kErased;
  const Problem problem = is_gone ? Problem::kGone : Problem::kNoSuchRecord;
  item.Add("error", ToJson(ReportOf(problem, {}), {}));
  return item;
}

}  // namespace

Response ListRecords(const Call& call) {
  QueryParameters query(call.request.query);
  const std::vector<Member>& members = schema::MembersOf(call.kind());
  ListRequest request;
  request.kind = call.kind();
  request.now = TakeCursor(query, request, call.services);
  TakePage(query, members, request);
  request.filter = TakeFilters(query, members, false, request.now).filter;
  const std::vector<std::string> fields = TakeFields(query, members);
  if (std::vector<ProblemError> errors = query.Finish(); !errors.empty()) {
    return RefuseErrors(call, std::move(errors));
  }
  const Result<ListReply> reply = call.services.reader.List(request, call.deadline);
  if (reply.has_value()) return PageAnswer(call, *reply, fields, query);
  if (reply.error().code != ErrorCode::kInvalidArgument) {
    return call.Refuse(ReportOf(reply.error()));
  }
  return RefuseErrors(call, {{{}, "cursor", {}, {}, "bad_cursor", reply.error().message}});
}

Response LookUpRecords(const Call& call) {
  QueryParameters query(call.request.query);
  const AskedRefs asked = TakeRefs(query);
  if (std::vector<ProblemError> errors = query.Finish(); !errors.empty()) {
    return RefuseErrors(call, std::move(errors));
  }
  const Result<std::vector<ReadOutcome>> outcomes =
      call.services.reader.Get(asked.refs, call.deadline);
  if (!outcomes.has_value()) return call.Refuse(ReportOf(outcomes.error()));
  Json items = Json::Array();
  for (std::size_t i = 0; i < outcomes->size(); ++i) {
    items.Add(LookupItem(asked.texts[i], (*outcomes)[i]));
  }
  Json answer = Json::Object();
  answer.Add("items", std::move(items));
  return JsonAnswer(answer);
}

}  // namespace datastorage::http
