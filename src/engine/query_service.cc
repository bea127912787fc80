#include "engine/query_service.h"

#include <algorithm>

#include "engine/cursor.h"
#include "schema/members.h"

namespace datastorage {
namespace {

// Counts one query under its operation, with its duration, when it goes out of scope.
class QueryTimer {
 public:
  QueryTimer(Metrics& metrics, std::string_view operation)
      : metrics_(metrics), operation_(operation), begin_(SystemClock().Now()) {}
  ~QueryTimer() {
    const std::chrono::duration<double> elapsed = SystemClock().Now() - begin_;
    metrics_.Observe(Metric::kQueryDuration, elapsed.count(), {operation_});
    metrics_.Count(Metric::kQueryTotal, {operation_, status_});
  }
  QueryTimer(const QueryTimer&) = delete;
  QueryTimer& operator=(const QueryTimer&) = delete;

  template <class T>
  const Result<T>& Watch(const Result<T>& result) {
    status_ = result.has_value() ? "ok" : NameOf(result.error().code);
    return result;
  }

 private:
  Metrics& metrics_;
  std::string_view operation_;
  std::string_view status_ = "invalid_argument";
  SteadyTime begin_;
};

}  // namespace

QueryService::QueryService(RecordStore& store, Metrics& metrics)
    : store_(store), metrics_(metrics) {}

Result<void> QueryService::Open(Deadline deadline) {
  DS_ASSIGN_OR_RETURN(cursor_secret_, store_.Secret("cursor_key", deadline));
  return {};
}

Result<std::vector<ReadOutcome>> QueryService::Get(std::span<const RecordRef> refs,
                                                   Deadline deadline) {
  QueryTimer timer(metrics_, "get");
  return timer.Watch(store_.Read(refs, "", deadline));
}

Result<std::vector<Record>> QueryService::History(RecordId id, Deadline deadline) {
  QueryTimer timer(metrics_, "history");
  return timer.Watch(store_.History(id, deadline));
}

Result<ListReply> QueryService::List(const ListRequest& request, Deadline deadline) {
  QueryTimer timer(metrics_, "list");
  ListQuery query{request.kind,
                  request.filter,
                  request.sort,
                  std::nullopt,
                  request.offset,
                  request.limit,
                  request.wants_count};
  const Sha256 scope = CursorScope(query);
  if (!request.cursor.empty()) {
    DS_ASSIGN_OR_RETURN(const Cursor cursor, DecodeCursor(request.cursor, cursor_secret_));
    // Only the first bytes of the scope travel in a cursor.
    if (!std::equal(cursor.scope.begin(), cursor.scope.begin() + 16, scope.begin())) {
      return InvalidArgument("the cursor belongs to a list with other filters or another sort");
    }
    query.after = cursor.position;
  }
  Result<ListPage> page = timer.Watch(store_.List(query, deadline));
  if (!page.has_value()) return page.error();
  ListReply reply{std::move(page->records), "", page->count};
  if (page->has_more && !reply.records.empty()) {
    const Record& last = reply.records.back();
    const KeysetPosition position{schema::ValueOf(last, query.sort.member), last.id};
    reply.next_cursor = EncodeCursor({scope, request.now, position}, cursor_secret_);
  }
  return reply;
}

Result<WallTime> QueryService::CursorTime(std::string_view cursor) const {
  DS_ASSIGN_OR_RETURN(const Cursor decoded, DecodeCursor(cursor, cursor_secret_));
  return decoded.now;
}

}  // namespace datastorage
