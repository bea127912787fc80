// Searches: by words, and by brute force over stored embeddings.
#include <algorithm>

#include "base/check.h"
#include "base/limits.h"
#include "schema/members.h"
#include "schema/search_words.h"
#include "sqlite/filter_sql.h"
#include "sqlite/record_rows.h"
#include "sqlite/sqlite_record_store.h"

namespace datastorage {

using sqlite::ConnectionPool;
using sqlite::Query;
using sqlite::SqlPart;
using sqlite::Statement;
using sqlite::StatementRun;

namespace {

bool IsBetter(const SimilarHit& a, const SimilarHit& b) {
  return a.similarity != b.similarity ? a.similarity > b.similarity : a.id < b.id;
}

// Keeps the best `limit` hits: a heap with the worst of them on top.
class BestHits {
 public:
  explicit BestHits(int limit) : limit_(static_cast<std::size_t>(limit)) {}

  void Offer(const SimilarHit& hit) {
    if (hits_.size() == limit_ && !IsBetter(hit, hits_.front())) return;
    if (hits_.size() == limit_) {
      std::pop_heap(hits_.begin(), hits_.end(), IsBetter);
      hits_.pop_back();
    }
    hits_.push_back(hit);
    std::push_heap(hits_.begin(), hits_.end(), IsBetter);
  }

  std::vector<SimilarHit> Take() {
    std::sort_heap(hits_.begin(), hits_.end(), IsBetter);
    return std::move(hits_);
  }

 private:
  std::size_t limit_;
  std::vector<SimilarHit> hits_;
};

std::string WithFilter(Query query, const SqlPart& filter) {
  return sqlite::Substitute(SqlOf(query), "{filter}", filter.text);
}

// An FTS5 query for records that hold any word of a person's text, or nothing if there is no word.
std::string TextQuery(std::string_view text) {
  std::string query;
  for (const std::string& term : schema::QueryTerms(text)) {
    if (!query.empty()) query += " OR ";
    // Quoted, nothing acts as a query language; terms hold neither quotes nor NUL.
    query.append("\"").append(term).append("\"");
  }
  return query;
}

}  // namespace

Result<std::vector<SimilarHit>> SqliteRecordStore::ExactNearest(const Embedding& query,
                                                                std::string_view space,
                                                                const Filter& filter,
                                                                int limit,
                                                                Deadline deadline) {
  DS_CHECK(limit > 0 && limit <= limits::kSearchCandidateCountMax);
  DS_ASSIGN_OR_RETURN(const SqlPart part, sqlite::CompileFilter(filter));
  DS_ASSIGN_OR_RETURN(const ConnectionPool::Lease reader, BeginRead(deadline));
  DS_ASSIGN_OR_RETURN(
      Statement* const statement,
      reader->GetDynamic(Query::kExactNearest, WithFilter(Query::kExactNearest, part)));
  StatementRun scanning(*statement);
  scanning.BindText(space);
  part.BindTo(scanning);
  BestHits best(limit);
  while (true) {
    DS_ASSIGN_OR_RETURN(const bool has_row, scanning.Next());
    if (!has_row) return best.Take();
    DS_ASSIGN_OR_RETURN(const Embedding vector, sqlite::ReadEmbedding(scanning, 2));
    best.Offer(
        {.id = scanning.Id(0), .stamp = scanning.Integer(1), .similarity = Dot(query, vector)});
  }
}

Result<std::vector<TextHit>> SqliteRecordStore::TextSearch(std::string_view text,
                                                           const Filter& filter,
                                                           int limit,
                                                           Deadline deadline) {
  DS_CHECK(limit > 0 && limit <= limits::kSearchCandidateCountMax);
  const std::string words = TextQuery(text);
  if (words.empty()) return std::vector<TextHit>();
  DS_ASSIGN_OR_RETURN(const SqlPart part, sqlite::CompileFilter(filter));
  DS_ASSIGN_OR_RETURN(const ConnectionPool::Lease reader, BeginRead(deadline));
  DS_ASSIGN_OR_RETURN(Statement* const statement,
                      reader->GetDynamic(Query::kSearchText, WithFilter(Query::kSearchText, part)));
  StatementRun searching(*statement);
  searching.BindText(words);
  part.BindTo(searching);
  searching.BindInteger(limit);
  std::vector<TextHit> hits;
  while (true) {
    DS_ASSIGN_OR_RETURN(const bool has_row, searching.Next());
    if (!has_row) return hits;
    hits.push_back({.id = searching.Id(0), .bm25 = searching.Real(1)});
  }
}

Result<std::vector<StoredEmbedding>> SqliteRecordStore::ScanEmbeddings(std::string_view space,
                                                                       RecordId after,
                                                                       int limit,
                                                                       Deadline deadline) {
  DS_CHECK(limit > 0 && static_cast<std::size_t>(limit) <= limits::kScanPageCountMax);
  DS_ASSIGN_OR_RETURN(const ConnectionPool::Lease reader, BeginRead(deadline));
  StatementRun scanning(reader->At(Query::kScanEmbeddings));
  scanning.BindId(after).BindText(space).BindInteger(limit);
  std::vector<StoredEmbedding> page;
  while (true) {
    DS_ASSIGN_OR_RETURN(const bool has_row, scanning.Next());
    if (!has_row) return page;
    DS_ASSIGN_OR_RETURN(const Record record, sqlite::ReadRecord(scanning));
    StoredEmbedding stored;
    stored.id = record.id;
    stored.stamp = record.stamp;
    DS_ASSIGN_OR_RETURN(stored.vector, sqlite::ReadEmbedding(scanning, 9));
    stored.members = schema::FilterMembersOf(record);
    std::erase_if(stored.members.values,
                  [](const auto& value) { return value.first == Member::kVector; });
    page.push_back(std::move(stored));
  }
}

}  // namespace datastorage
