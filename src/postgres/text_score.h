// TextScorer: BM25 of records for the terms of a search, with the weights and to the digit that
// SQLite's text index gives: k1 = 1.2, b = 0.75; parts of names weigh a fifth.
//
// Threads: none; it is made for one search.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "postgres/text_words.h"

namespace datastorage::postgres {

// What is known of all records.
struct TextStatistics {
  double record_count = 0;
  double mean_length = 0;           // Words a record.
  std::vector<double> term_counts;  // Records that hold each term.
};

class TextScorer {
 public:
  // Keeps a reference to the terms.
  TextScorer(const std::vector<SearchTerm>& terms, const TextStatistics& statistics);

  // Of a record by `words` in binary form and `word_count`; 0 when it holds none of the terms.
  double Score(std::span<const std::uint8_t> words, std::int64_t length);

 private:
  // The places of a stem in the record at hand, ascending.
  using Places = std::vector<std::uint16_t>;

  void ReadPlaces(std::span<const std::uint8_t> words);
  double FrequencyOf(const std::vector<std::size_t>& stems) const;

  std::unordered_map<std::string_view, std::size_t> stem_numbers_;
  std::vector<std::vector<std::size_t>> terms_;  // By the numbers of their stems.
  std::vector<double> rarities_;
  double mean_length_;
  std::vector<Places> places_;
};

}  // namespace datastorage::postgres
