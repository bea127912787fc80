// Words of records and of searches in PostgreSQL's forms. The program cuts and stems them itself
// (schema/word_stems.h): a server's own parser depends on its locale and version.
//
// In `record.words` a word of a text has the weight A, one of the parts of names has D. Between the
// texts a place is left free, so that no joined words are found across two texts.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "schema/search_words.h"

namespace datastorage::postgres {

// A server takes 1 MiB of words and their places, 255 places of a word, and places to 16,383. What
// is beyond is left out, from the end of the texts.
struct RecordWords {
  std::string vector;    // What ::tsvector reads; empty when there is no word.
  std::int64_t count{};  // Of all words: the record's length when it is scored.
};
RecordWords RecordWordsOf(const schema::IndexedTexts& texts);

// What is searched for: stems that stand in this order, one after the other.
using SearchTerm = std::vector<std::string>;

// Of a person's text. Two that are alike count twice, as in SQLite.
std::vector<SearchTerm> SearchTermsOf(std::string_view text);

// What ::tsquery reads. REQUIRES: neither is empty.
std::string QueryOf(const SearchTerm& term);
std::string QueryOfAny(const std::vector<SearchTerm>& terms);
std::string QueryOfAll(const std::vector<SearchTerm>& terms);

}  // namespace datastorage::postgres
