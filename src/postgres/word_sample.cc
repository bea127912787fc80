#include "postgres/word_sample.h"

#include "base/check.h"
#include "postgres/queries.h"
#include "postgres/search_calls.h"

namespace datastorage::postgres {
namespace {

constexpr std::string_view kDoing = "count words";
constexpr std::string_view kTryLock =
    "SELECT pg_try_advisory_xact_lock(hashtextextended('datastorage word sample', 0))";

Call Asking(Query query) {
  Call call;
  call.sql = TextOf(query);
  return call;
}

// How many records there are, about.
Result<std::int64_t> SizeOf(Connection& session, Deadline deadline) {
  DS_ASSIGN_OR_RETURN(const Rows rows, session.RunOne(kDoing, Asking(Query::kStoreSize), deadline));
  return rows.Integer(0, 0);
}

Result<bool> IsDue(Connection& session,
                   const WordSampleRule& rule,
                   std::int64_t size,
                   Deadline deadline) {
  Call call = Asking(Query::kWordSampleIsDue);
  call.parameters.Add(rule.record_count_min).Add(std::int64_t{rule.age_max.count()}).Add(size);
  DS_ASSIGN_OR_RETURN(const Rows rows, session.RunOne(kDoing, std::move(call), deadline));
  return rows.Bool(0, 0);
}

// Within a transaction, which it ends where it counted. Whoever counted last before us is seen: a
// statement after the lock has a snapshot of its own.
Result<bool> RefreshAlone(Connection& session,
                          const WordSampleRule& rule,
                          std::int64_t size,
                          Deadline deadline) {
  Call lock;
  lock.sql = kTryLock;
  DS_ASSIGN_OR_RETURN(
      const std::vector<Rows> locked,
      session.Run(kDoing,
                  {{.name = Connection::kBegin}, {.name = Connection::kRelax}, std::move(lock)},
                  deadline));
  if (!locked.back().Bool(0, 0)) return false;
  DS_ASSIGN_OR_RETURN(const bool is_due, IsDue(session, rule, size, deadline));
  if (!is_due) return false;
  Call making = Asking(Query::kMakeWordSample);
  making.parameters.Add(rule.looked_at_max).Add(rule.documents_min).Add(size);
  std::vector<Call> calls;
  calls.push_back(ByIndexOnly());
  calls.push_back(Asking(Query::kClearWordSample));
  calls.push_back(std::move(making));
  calls.push_back({.name = Connection::kCommit});
  DS_RETURN_IF_ERROR(session.Run(kDoing, std::move(calls), deadline));
  return true;
}

}  // namespace

Result<bool> RefreshWordSample(Connection& session, const WordSampleRule& rule, Deadline deadline) {
  DS_ASSIGN_OR_RETURN(const std::int64_t size, SizeOf(session, deadline));
  DS_ASSIGN_OR_RETURN(const bool is_due, IsDue(session, rule, size, deadline));
  if (!is_due) return false;
  Result<bool> made = RefreshAlone(session, rule, size, deadline);
  if (session.is_usable() && session.IsInTransaction()) session.Rollback();
  return made;
}

std::vector<Call> WordSampleCalls(std::span<const std::string> words, int small_count) {
  ArrayValue array(ElementType::kText);
  for (const std::string& word : words) array.Add(std::string_view(word));
  std::vector<Call> calls{{.name = NameOf(Query::kTextStatistics)},
                          {.name = NameOf(Query::kWordDocuments)}};
  calls[0].parameters.Add(small_count);
  calls[1].parameters.Add(array);
  return calls;
}

WordSample ReadWordSample(std::span<const Rows> rows) {
  DS_CHECK(rows.size() == 2);
  const Rows& total = rows[0];
  const Rows& counts = rows[1];
  WordSample sample;
  sample.is_small = total.Bool(0, 3);
  for (int row = 0; row < counts.count(); ++row) {
    sample.documents.push_back(counts.IsNull(row, 0) ? 0 : counts.Integer(row, 0));
  }
  if (total.IsNull(0, 0)) return sample;
  sample.looked_at = static_cast<double>(total.Integer(0, 0));
  sample.record_count = static_cast<double>(total.Integer(0, 1));
  sample.mean_length = total.Real(0, 2);
  return sample;
}

}  // namespace datastorage::postgres
