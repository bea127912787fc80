// TermPlan: which records a search by words reads, by how many hold each of its terms. It bounds
// the work: kScoredCountMax records of the rarer terms, one walk along the index for those that
// hold all of the common ones, and kEntryCountMax of its entries for those that hold some of them.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "postgres/text_words.h"

namespace datastorage::postgres {

inline constexpr int kScoredCountMax = 3'072;
inline constexpr int kEntryCountMax = 100'000;

// Terms are told by their places among those of the search.
struct TermPlan {
  std::vector<std::size_t> rare;    // All records of these are read.
  std::vector<std::size_t> common;  // The others, the rarest first.
  // Of the rarest common terms, the records that hold all, then those that hold half as many of
  // them, and so on: tsqueries that the index answers without a look at records.
  std::vector<std::string> together;
};

// `counts`: records that hold each term, about.
TermPlan PlanTerms(const std::vector<SearchTerm>& terms, std::span<const double> counts);

// Of the terms of several words, each once: the rarest of those that are common by `counts`, the
// counts of their rarest words. They may be rare all the same.
std::vector<std::size_t> PhrasesToCount(const std::vector<SearchTerm>& terms,
                                        std::span<const double> counts,
                                        std::size_t count_max);

// The words of terms, one by one, in order: what the index knows. It knows no places.
std::vector<SearchTerm> StemsOf(const std::vector<SearchTerm>& terms);

std::vector<SearchTerm> TermsAt(const std::vector<SearchTerm>& terms,
                                std::span<const std::size_t> places);

}  // namespace datastorage::postgres
