#include "postgres/search_calls.h"

#include "postgres/filter_sql.h"

namespace datastorage::postgres {
namespace {

// What the next parameter is called.
std::string NextOf(const Call& call) {
  return "$" + std::to_string(call.parameters.size() + 1);
}

}  // namespace

Filter FilterOf(const ListQuery& query) {
  if (!query.kind.has_value()) return query.filter;
  return Filter::And(
      {Filter::Equals(Member::kKind, std::string(NameOf(*query.kind))), query.filter});
}

Result<Call> ListCall(const ListQuery& query) {
  Call call;
  DS_ASSIGN_OR_RETURN(const std::string filter, CompileFilter(FilterOf(query), call.parameters));
  call.sql =
      "SELECT r.id, r.kind, r.version, r.stamp, r.created_at, r.updated_at, r.body,"
      " r.pending_reason, r.vector FROM record_now AS r WHERE (" +
      filter + ")";
  if (query.after.has_value()) {
    call.sql += " AND (" + CompileAfter(query.sort, *query.after, call.parameters) + ")";
  }
  call.sql += " ORDER BY " + CompileOrder(query.sort) + " LIMIT " + NextOf(call) + "::bigint";
  // One more than asked for tells whether there is a next page.
  call.parameters.Add(query.limit + 1);
  call.sql += " OFFSET " + NextOf(call) + "::bigint";
  call.parameters.Add(query.offset);
  return call;
}

Result<Call> CountCall(const Filter& filter, std::optional<std::int64_t> cap) {
  Call call;
  DS_ASSIGN_OR_RETURN(const std::string condition, CompileFilter(filter, call.parameters));
  call.sql = "SELECT count(*) FROM (SELECT FROM " + std::string(RelationOf(filter)) +
             " AS r WHERE " + condition;
  if (cap.has_value()) {
    call.sql += " LIMIT " + NextOf(call) + "::bigint";
    call.parameters.Add(*cap);
  }
  call.sql += ") AS counted";
  return call;
}

Result<Call> NearestCall(std::string_view space, const Filter& filter) {
  Call call;
  call.parameters.Add(space);
  DS_ASSIGN_OR_RETURN(const std::string condition, CompileFilter(filter, call.parameters));
  call.sql = "DECLARE " + std::string(kNearestCursor) +
             " NO SCROLL CURSOR FOR SELECT r.id, r.stamp, e.v FROM embedding AS e JOIN " +
             std::string(RelationOf(filter)) +
             " AS r ON r.id = e.record_id AND r.text_hash = e.text_hash"
             " WHERE e.space = $1::text AND (" +
             condition + ")";
  return call;
}

Call FetchCall(int row_count) {
  Call call;
  call.sql = "FETCH " + std::to_string(row_count) + " FROM " + std::string(kNearestCursor);
  return call;
}

Result<Call> WordsCall(std::string_view words, const Filter& filter, int limit) {
  Call call;
  call.parameters.Add(words).Add(limit);
  DS_ASSIGN_OR_RETURN(const std::string condition, CompileFilter(filter, call.parameters));
  call.sql = "SELECT r.id, r.word_count, r.words FROM " + std::string(RelationOf(filter)) +
             " AS r WHERE r.words @@ $1::text::tsquery AND (" + condition + ") LIMIT $2::bigint";
  return call;
}

Result<Call> NewestWordsCall(std::string_view words, const Filter& filter, int limit) {
  Call call;
  call.parameters.Add(words).Add(limit);
  DS_ASSIGN_OR_RETURN(const std::string condition, CompileFilter(filter, call.parameters));
  call.sql = "SELECT r.id, r.word_count, r.words FROM (SELECT * FROM " +
             std::string(RelationOf(filter)) +
             " ORDER BY created_at DESC, id DESC LIMIT $2::bigint) AS r"
             " WHERE r.words @@ $1::text::tsquery AND (" +
             condition + ")";
  return call;
}

}  // namespace datastorage::postgres
