// RecordSearch: lists and searches of the record store; what RecordStore promises of the methods of
// these names (ports/record_store.h). What TextSearch adds to that is in text_search.h.
//
// Threads: safe to call concurrently. Memory: a page at a time.
#pragma once

#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "domain/query.h"
#include "postgres/sessions.h"

namespace datastorage::postgres {

class RecordSearch {
 public:
  explicit RecordSearch(Sessions& sessions) : sessions_(sessions) {}

  Result<ListPage> List(const ListQuery& query, Deadline deadline);
  Result<std::int64_t> Count(const Filter& filter, std::int64_t cap, Deadline deadline);

  // Needs no extension of the server: the embeddings that match are read in one snapshot, 1,000 at
  // a time, and compared here.
  Result<std::vector<SimilarHit>> ExactNearest(const Embedding& query,
                                               std::string_view space,
                                               const Filter& filter,
                                               int limit,
                                               Deadline deadline);
  Result<std::vector<TextHit>> TextSearch(std::string_view text,
                                          const Filter& filter,
                                          int limit,
                                          Deadline deadline);

 private:
  Sessions& sessions_;
};

}  // namespace datastorage::postgres
