// Scores of records for the terms of a search: BM25 as SQLite's text index gives it, with k1 = 1.2,
// b = 0.75; parts of names weigh a fifth.
//
// Threads: none; all is made for one search.
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

class TermCounter {
 public:
  // Keeps a reference to the terms.
  explicit TermCounter(const std::vector<SearchTerm>& terms);

  // How often a record holds each term, by its `words` in binary form.
  std::vector<double> FrequenciesOf(std::span<const std::uint8_t> words);

 private:
  // The places of a stem in the record at hand, ascending.
  using Places = std::vector<std::uint16_t>;

  void ReadPlaces(std::span<const std::uint8_t> words);
  double FrequencyOf(const std::vector<std::size_t>& stems) const;

  std::unordered_map<std::string_view, std::size_t> stem_numbers_;
  std::vector<std::vector<std::size_t>> terms_;  // By the numbers of their stems.
  std::vector<Places> places_;
};

// Of a record with these frequencies and `word_count`; 0 when it holds none of the terms.
class Bm25 {
 public:
  explicit Bm25(const TextStatistics& statistics);
  double Score(std::span<const double> frequencies, std::int64_t length) const;

 private:
  std::vector<double> rarities_;
  double mean_length_;
};

}  // namespace datastorage::postgres
