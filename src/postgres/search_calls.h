// SearchCalls: the statements of lists and searches, which are put together for each filter.
//
// Errors: kInvalidArgument when the filter holds too many values.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "domain/query.h"
#include "postgres/connection.h"

namespace datastorage::postgres {

// What the records of a list must match, their kind included.
Filter FilterOf(const ListQuery& query);

// Has the planner read no whole table for the rest of the transaction. For searches by words, of
// which it knows too little, and for lists in the order of an index.
Call ByIndexOnly();

// Up to `query.limit` + 1 records, in the columns that ReadRecord takes: the last call's rows.
Result<std::vector<Call>> ListCalls(const ListQuery& query);

// How many match, counted no further than `cap`.
Result<Call> CountCall(const Filter& filter, std::optional<std::int64_t> cap);

// Opens the cursor kNearestCursor over id stamp v of the records that match and have an embedding
// of their current text in `space`; FetchCall takes the next rows. In a transaction.
inline constexpr std::string_view kNearestCursor = "nearest";
Result<Call> NearestCall(std::string_view space, const Filter& filter);
Call FetchCall(int row_count);

// Up to `limit` of the records that match `words` (::tsquery): id word_count words.
Result<Call> WordsCall(std::string_view words, const Filter& filter, int limit);

// Up to `limit` of the records that match one of `queries` (::tsquery), of the first one first: the
// same columns. Each query matches all that the one before it does.
Result<Call> TogetherCall(const std::vector<std::string>& queries, const Filter& filter, int limit);

// How many of the first `looked_at_max` records that hold all of `words` (::tsquery) hold `phrase`:
// the same columns, looked_at and held, the last two in each row. Where so many were looked at,
// the rows are up to `limit` of those that hold it and match; else one, without a record.
struct PhraseLook {
  int looked_at_max = 0;
  int limit = 0;
};
Result<Call> PhraseCall(std::string_view words,
                        std::string_view phrase,
                        const Filter& filter,
                        const PhraseLook& look);

// Those of the newest `looked_at` records that match `words`: the same columns.
Result<Call> NewestMatchesCall(std::string_view words, const Filter& filter, int looked_at);

// Up to `limit` of the records that match `words`, whatever the filter says, and whether it matches
// too: the same columns and matches.
Result<Call> RareWordsCall(std::string_view words, const Filter& filter, int limit);

// The newest `limit` records, whatever they match: the same columns and matches.
Result<Call> NewestCall(const Filter& filter, int limit);

}  // namespace datastorage::postgres
