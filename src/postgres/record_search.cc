#include "postgres/record_search.h"

#include <algorithm>

#include "base/check.h"
#include "base/limits.h"
#include "postgres/record_rows.h"
#include "postgres/search_calls.h"
#include "postgres/text_search.h"

namespace datastorage::postgres {
namespace {

constexpr std::string_view kNearestDoing = "search by brute force";
constexpr int kPageCount = static_cast<int>(limits::kScanPageCountMax);

bool IsNearer(const SimilarHit& a, const SimilarHit& b) {
  return a.similarity != b.similarity ? a.similarity > b.similarity : a.id < b.id;
}

// Keeps the best `limit` hits: a heap with the worst of them on top.
class NearestHits {
 public:
  explicit NearestHits(int limit) : limit_(static_cast<std::size_t>(limit)) {}

  void Offer(const SimilarHit& hit) {
    if (hits_.size() == limit_ && !IsNearer(hit, hits_.front())) return;
    if (hits_.size() == limit_) {
      std::pop_heap(hits_.begin(), hits_.end(), IsNearer);
      hits_.pop_back();
    }
    hits_.push_back(hit);
    std::push_heap(hits_.begin(), hits_.end(), IsNearer);
  }

  std::vector<SimilarHit> Take() {
    std::sort_heap(hits_.begin(), hits_.end(), IsNearer);
    return std::move(hits_);
  }

 private:
  std::size_t limit_;
  std::vector<SimilarHit> hits_;
};

Result<void> OfferPage(const Embedding& query, const Rows& page, NearestHits& best) {
  for (int row = 0; row < page.count(); ++row) {
    DS_ASSIGN_OR_RETURN(const Embedding vector, ReadEmbedding(page, row, 2));
    best.Offer(
        {.id = page.Id(row, 0), .stamp = page.Integer(row, 1), .similarity = Dot(query, vector)});
  }
  return {};
}

// Opens the cursor and reads its first page.
Result<Rows> BeginScan(Connection& session, const Call& opening, Deadline deadline) {
  // All rows are wanted, so that a plan which returns the first ones soonest is of no use.
  std::vector<Call> calls{{.name = Connection::kBeginReading},
                          {.sql = "SET LOCAL cursor_tuple_fraction = 1"},
                          opening,
                          FetchCall(kPageCount)};
  DS_ASSIGN_OR_RETURN(std::vector<Rows> rows,
                      session.Run(kNearestDoing, std::move(calls), deadline));
  return std::move(rows.back());
}

}  // namespace

Result<ListPage> RecordSearch::List(const ListQuery& query, Deadline deadline) {
  DS_CHECK(query.limit > 0 && query.limit <= limits::kListPageCountMax);
  DS_ASSIGN_OR_RETURN(std::vector<Call> calls, ListCalls(query));
  if (query.wants_count) {
    DS_ASSIGN_OR_RETURN(Call counting, CountCall(FilterOf(query), std::nullopt));
    calls.insert(calls.begin(), std::move(counting));
  }
  DS_ASSIGN_OR_RETURN(const std::vector<Rows> rows,
                      sessions_.Read("list records", calls, deadline));
  const Rows& listed = rows.back();
  ListPage page;
  page.has_more = listed.count() > query.limit;
  for (int row = 0; row < std::min(listed.count(), query.limit); ++row) {
    DS_ASSIGN_OR_RETURN(Record record, ReadRecord(listed, row));
    page.records.push_back(std::move(record));
  }
  if (query.wants_count) page.count = rows.front().Integer(0, 0);
  return page;
}

Result<std::int64_t> RecordSearch::Count(const Filter& filter,
                                         std::int64_t cap,
                                         Deadline deadline) {
  DS_ASSIGN_OR_RETURN(const Call counting, CountCall(filter, cap));
  DS_ASSIGN_OR_RETURN(const Rows rows, sessions_.ReadOne("count records", counting, deadline));
  return rows.Integer(0, 0);
}

Result<std::vector<SimilarHit>> RecordSearch::ExactNearest(const Embedding& query,
                                                           std::string_view space,
                                                           const Filter& filter,
                                                           int limit,
                                                           Deadline deadline) {
  DS_CHECK(limit > 0 && limit <= limits::kSearchCandidateCountMax);
  DS_ASSIGN_OR_RETURN(const Call opening, NearestCall(space, filter));
  for (bool is_again = false;; is_again = true) {
    DS_ASSIGN_OR_RETURN(const ConnectionPool::Lease session, sessions_.readers().Acquire(deadline));
    NearestHits best(limit);
    Result<Rows> page = BeginScan(*session, opening, deadline);
    while (page.has_value()) {
      DS_RETURN_IF_ERROR(OfferPage(query, *page, best));
      if (page->count() < kPageCount) return best.Take();
      page = session->RunOne(kNearestDoing, FetchCall(kPageCount), deadline);
    }
    // As Sessions::Read: a session that was lost is replaced once, reading twice changes nothing.
    if (is_again || session->is_usable() || deadline.HasPassed()) return page.error();
  }
}

Result<std::vector<TextHit>> RecordSearch::TextSearch(std::string_view text,
                                                      const Filter& filter,
                                                      int limit,
                                                      Deadline deadline) {
  return SearchText(sessions_, text, filter, limit, deadline);
}

}  // namespace datastorage::postgres
