// TextSearch: finds records by their words, and orders them by BM25.
//
// A store finds words by its index, and a score needs the places of the words, so that records must
// be read to be scored. What is promised:
// - `limit` hits or all that match are returned, always, each with its score.
// - In a store of fewer than kSampleCount records hits, order and scores are those of SQLite's text
//   index. In a larger one the number of records, their mean length and how many hold a common word
//   are those of the last count of words (word_sample.h): the same for every replica.
// - Where by that count at most kScoredCountMax records hold the words together, all that match are
//   scored: the hits are the best there are.
//   A phrase of common words, as "pod-7", is a word like others where its words stand together in
//   fewer than 10,000 records; else those of the first 10,000 that hold it are scored, up to 256.
//   That is so for four phrases, the ones of the rarest words.
// - Where words are more common, what is scored is: every record that holds one of the rarer words,
//   as many as fit; up to kTogetherCountMax of those that hold the rarest of the common words
//   together, most of them first; and those of the newest kSampleCount records that hold any.
// Work: term_plan.h bounds it.
// With a filter that few records pass, common words make the server look at every record that
// holds them, within the deadline.
#pragma once

#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "domain/query.h"
#include "postgres/sessions.h"
#include "postgres/term_plan.h"

namespace datastorage::postgres {

inline constexpr int kSampleCount = 2'000;
inline constexpr int kTogetherCountMax = 1'024;

// As RecordStore::TextSearch, in two to six round trips, each with a snapshot of its own.
// REQUIRES: 0 < limit <= limits::kSearchCandidateCountMax.
Result<std::vector<TextHit>> SearchText(
    Sessions& sessions, std::string_view text, const Filter& filter, int limit, Deadline deadline);

}  // namespace datastorage::postgres
