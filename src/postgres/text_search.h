// TextSearch: finds records by their words, and orders them by BM25.
//
// A store finds words by its index, and a score needs the places of the words, so that records must
// be read to be scored. What is promised:
// - `limit` hits or all that match are returned, always, each with its score.
// - In a store of fewer than kSampleCount records hits, order and scores are those of SQLite's text
//   index. In a larger one the number of records and their mean length are estimated.
// - Where the counts of the words' records together are at most kScoredCountMax, all that match are
//   scored: the hits are the best there are.
// - Where words are more common, what is scored is: every record that holds one of the rarer words,
//   as many as fit; those that hold the rarest of the common words together, as few words as makes
//   them fit, and some that hold one word less; and those of the newest kSampleCount records that
//   hold any. A word's count over kScoredCountMax is estimated from the newest records.
// Work: with a filter that few records pass, common words make the server look at every record that
// holds them, within the deadline.
#pragma once

#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "domain/query.h"
#include "postgres/sessions.h"

namespace datastorage::postgres {

inline constexpr int kScoredCountMax = 3'072;
inline constexpr int kSampleCount = 2'000;

// As RecordStore::TextSearch, in one to four round trips, each with a snapshot of its own.
// REQUIRES: 0 < limit <= limits::kSearchCandidateCountMax.
Result<std::vector<TextHit>> SearchText(
    Sessions& sessions, std::string_view text, const Filter& filter, int limit, Deadline deadline);

}  // namespace datastorage::postgres
