#include "postgres/term_plan.h"

#include <algorithm>
#include <numeric>

#include "base/check.h"

namespace datastorage::postgres {
namespace {

// So many common terms are asked for together at most.
constexpr std::size_t kTogetherTermCountMax = 8;

std::vector<std::size_t> RarestFirst(std::span<const double> counts) {
  std::vector<std::size_t> by_count(counts.size());
  std::iota(by_count.begin(), by_count.end(), std::size_t{0});
  std::sort(by_count.begin(), by_count.end(), [&](std::size_t a, std::size_t b) {
    return std::pair(counts[a], a) < std::pair(counts[b], b);
  });
  return by_count;
}

// Each word once.
std::vector<SearchTerm> WordsOf(std::span<const std::size_t> places,
                                const std::vector<SearchTerm>& terms) {
  std::vector<SearchTerm> words;
  for (SearchTerm& word : StemsOf(TermsAt(terms, places))) {
    if (std::find(words.begin(), words.end(), word) == words.end()) words.push_back(word);
  }
  return words;
}

// All of the terms, whatever that costs, since it is what was asked for; then half of them, and so
// on, as far as there is room. The index goes along the entries of the rarest word, and looks each
// up among the others'.
std::vector<std::string> TogetherOf(std::span<const std::size_t> common,
                                    const std::vector<SearchTerm>& terms,
                                    std::span<const double> counts) {
  std::vector<std::string> queries;
  double room = kEntryCountMax;
  std::size_t word_count = 0;  // Of the last query.
  std::size_t size = std::min(common.size(), kTogetherTermCountMax);
  while (size > 0) {
    const std::vector<SearchTerm> words = WordsOf(common.first(size), terms);
    const double entry_count = counts[common.front()] * static_cast<double>(words.size());
    const bool is_whole = queries.empty() && words.size() > 1 && size == common.size();
    const bool is_asked = words.size() == word_count;  // The terms are of the same words.
    const bool fits = is_asked || entry_count <= room || is_whole;
    if (fits && !is_asked) {
      room = std::max(0.0, room - entry_count);
      word_count = words.size();
      queries.push_back(QueryOfAll(words));
    }
    size = fits ? size / 2 : size - 1;
  }
  return queries;
}

}  // namespace

TermPlan PlanTerms(const std::vector<SearchTerm>& terms, std::span<const double> counts) {
  DS_CHECK(terms.size() == counts.size());
  TermPlan plan;
  double room = kScoredCountMax;
  for (const std::size_t term : RarestFirst(counts)) {
    const bool fits = plan.common.empty() && counts[term] <= room;
    if (fits) room -= counts[term];
    (fits ? plan.rare : plan.common).push_back(term);
  }
  plan.together = TogetherOf(plan.common, terms, counts);
  return plan;
}

std::vector<std::size_t> PhrasesToCount(const std::vector<SearchTerm>& terms,
                                        std::span<const double> counts,
                                        std::size_t count_max) {
  DS_CHECK(terms.size() == counts.size());
  std::vector<std::size_t> phrases;
  for (const std::size_t term : RarestFirst(counts)) {
    const bool is_new = std::none_of(phrases.begin(), phrases.end(), [&](std::size_t phrase) {
      return terms[phrase] == terms[term];
    });
    const bool may_be_rare = terms[term].size() > 1 && counts[term] > kScoredCountMax;
    if (is_new && may_be_rare && phrases.size() < count_max) phrases.push_back(term);
  }
  return phrases;
}

std::vector<SearchTerm> StemsOf(const std::vector<SearchTerm>& terms) {
  std::vector<SearchTerm> stems;
  for (const SearchTerm& term : terms) {
    for (const std::string& stem : term) stems.push_back({stem});
  }
  return stems;
}

std::vector<SearchTerm> TermsAt(const std::vector<SearchTerm>& terms,
                                std::span<const std::size_t> places) {
  std::vector<SearchTerm> found;
  found.reserve(places.size());
  for (const std::size_t place : places) found.push_back(terms[place]);
  return found;
}

}  // namespace datastorage::postgres
