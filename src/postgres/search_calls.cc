#include "postgres/search_calls.h"

#include <algorithm>

#include "postgres/filter_sql.h"
#include "postgres/queries.h"

namespace datastorage::postgres {
namespace {

// What the next parameter is called.
std::string NextOf(const Call& call) {
  return "$" + std::to_string(call.parameters.size() + 1);
}

// Whether the filter names records, or what they belong to: few are meant, and an index finds them.
bool NamesFew(const Filter& filter) {
  const auto& children = filter.children;
  switch (filter.op) {
    case FilterOp::kAnyOf:
      return filter.member == Member::kId || filter.member == Member::kWorkflowId ||
             filter.member == Member::kRemediationRequestId;
    case FilterOp::kAnd: return std::any_of(children.begin(), children.end(), NamesFew);
    case FilterOp::kOr:
      return !children.empty() && std::all_of(children.begin(), children.end(), NamesFew);
    case FilterOp::kNot:
    case FilterOp::kRange:
    case FilterOp::kPrefix:
    case FilterOp::kPath: break;
  }
  return false;
}

void Substitute(std::string& text, std::string_view marker, std::string_view value) {
  const std::size_t at = text.find(marker);
  text.replace(at, marker.size(), value);
}

// The prepared statement where every record is let through, else one of its own; `call` has the
// parameters that come before those of the filter.
Result<Call> Filtered(Query query, Call call, const Filter& filter) {
  if (filter.IsEverything()) {
    call.name = NameOf(query);
    return call;
  }
  DS_ASSIGN_OR_RETURN(const std::string condition, CompileFilter(filter, call.parameters));
  call.sql = TextOf(query);
  Substitute(call.sql, "{records}", RelationOf(filter));
  Substitute(call.sql, "{filter}", condition);
  return call;
}

}  // namespace

Filter FilterOf(const ListQuery& query) {
  if (!query.kind.has_value()) return query.filter;
  return Filter::And(
      {Filter::Equals(Member::kKind, std::string(NameOf(*query.kind))), query.filter});
}

Call ByIndexOnly() {
  Call call;
  call.sql = "SET LOCAL enable_seqscan = off";
  return call;
}

Result<std::vector<Call>> ListCalls(const ListQuery& query) {
  Call call;
  const Filter wanted = FilterOf(query);
  const bool is_few = NamesFew(wanted);
  DS_ASSIGN_OR_RETURN(const std::string filter, CompileFilter(wanted, call.parameters));
  std::string after;
  if (query.after.has_value()) {
    after = " AND (" + CompileAfter(query.sort, *query.after, call.parameters) + ")";
  }
  // OFFSET has few records found first and then sorted: for a short page the planner would walk
  // through all in the order of the list.
  call.sql =
      "SELECT r.id, r.kind, r.version, r.stamp, r.created_at, r.updated_at, r.body,"
      " r.pending_reason, r.vector FROM " +
      (is_few ? "(SELECT * FROM record_now AS r WHERE " + filter + after + " OFFSET 0) AS r"
              : "record_now AS r WHERE " + filter + after);
  call.sql += " ORDER BY " + CompileOrder(query.sort) + " LIMIT " + NextOf(call) + "::bigint";
  // One more than asked for tells whether there is a next page.
  call.parameters.Add(query.limit + 1);
  call.sql += " OFFSET " + NextOf(call) + "::bigint";
  call.parameters.Add(query.offset);

  std::vector<Call> calls;
  const bool is_indexed =
      query.sort.member == Member::kCreatedAt || query.sort.member == Member::kId;
  if (is_indexed || is_few) calls.push_back(ByIndexOnly());
  calls.push_back(std::move(call));
  return calls;
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

// OFFSET has embeddings looked up one by one: the planner does not know that each lookup meets one
// partition, and would read all embeddings for a few records.
Result<Call> NearestCall(std::string_view space, const Filter& filter) {
  Call call;
  call.parameters.Add(space);
  DS_ASSIGN_OR_RETURN(const std::string condition, CompileFilter(filter, call.parameters));
  call.sql = "DECLARE " + std::string(kNearestCursor) +
             " NO SCROLL CURSOR FOR SELECT r.id, r.stamp, e.v FROM " +
             std::string(RelationOf(filter)) +
             " AS r CROSS JOIN LATERAL (SELECT v FROM embedding WHERE record_id = r.id"
             " AND space = $1::text AND text_hash = r.text_hash OFFSET 0) AS e WHERE " +
             condition;
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
  return Filtered(Query::kMatchWords, std::move(call), filter);
}

Result<Call> TogetherCall(const std::vector<std::string>& queries,
                          const Filter& filter,
                          int limit) {
  ArrayValue array(ElementType::kText);
  for (const std::string& query : queries) array.Add(std::string_view(query));
  Call call;
  call.parameters.Add(array).Add(limit);
  return Filtered(Query::kMatchTogether, std::move(call), filter);
}

Result<Call> PhraseCall(std::string_view words,
                        std::string_view phrase,
                        const Filter& filter,
                        const PhraseLook& look) {
  Call call;
  call.parameters.Add(words).Add(phrase).Add(look.looked_at_max).Add(look.limit);
  return Filtered(Query::kCountPhrase, std::move(call), filter);
}

Result<Call> NewestMatchesCall(std::string_view words, const Filter& filter, int looked_at) {
  Call call;
  call.parameters.Add(words).Add(looked_at);
  return Filtered(Query::kNewestMatches, std::move(call), filter);
}

Result<Call> RareWordsCall(std::string_view words, const Filter& filter, int limit) {
  Call call;
  call.parameters.Add(words).Add(limit);
  return Filtered(Query::kRareWords, std::move(call), filter);
}

Result<Call> NewestCall(const Filter& filter, int limit) {
  Call call;
  call.parameters.Add(limit);
  return Filtered(Query::kNewestWords, std::move(call), filter);
}

}  // namespace datastorage::postgres
