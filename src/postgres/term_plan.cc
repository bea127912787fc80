#include "postgres/term_plan.h"

#include <algorithm>
#include <numeric>

#include "base/check.h"

namespace datastorage::postgres {
namespace {

// So many common words are asked for together at most.
constexpr std::size_t kTogetherWordCountMax = 8;

// The index goes along the entries of the rarest word, and looks each up among the others'.
double EntryCountOf(std::span<const std::size_t> places,
                    const std::vector<SearchTerm>& terms,
                    std::span<const double> counts) {
  std::size_t word_count = 0;
  for (const std::size_t place : places) word_count += terms[place].size();
  return counts[places.front()] * static_cast<double>(word_count);
}

// All of the terms, whatever that costs, since it is what was asked for; then half of them, and so
// on, as far as there is room.
std::vector<std::string> TogetherOf(std::span<const std::size_t> common,
                                    const std::vector<SearchTerm>& terms,
                                    std::span<const double> counts) {
  std::vector<std::string> queries;
  double room = kEntryCountMax;
  std::size_t size = std::min(common.size(), kTogetherWordCountMax);
  while (size > 0) {
    const std::span<const std::size_t> rarest = common.first(size);
    const double entry_count = EntryCountOf(rarest, terms, counts);
    const bool is_whole = queries.empty() && size > 1 && size == common.size();
    const bool fits = entry_count <= room || is_whole;
    if (fits) {
      room = std::max(0.0, room - entry_count);
      queries.push_back(QueryOfAll(StemsOf(TermsAt(terms, rarest))));
    }
    size = fits ? size / 2 : size - 1;
  }
  return queries;
}

}  // namespace

TermPlan PlanTerms(const std::vector<SearchTerm>& terms, std::span<const double> counts) {
  DS_CHECK(terms.size() == counts.size());
  std::vector<std::size_t> by_count(terms.size());
  std::iota(by_count.begin(), by_count.end(), std::size_t{0});
  std::sort(by_count.begin(), by_count.end(), [&](std::size_t a, std::size_t b) {
    return std::pair(counts[a], a) < std::pair(counts[b], b);
  });
  TermPlan plan;
  double room = kScoredCountMax;
  for (const std::size_t term : by_count) {
    const bool fits = plan.common.empty() && counts[term] <= room;
    if (fits) room -= counts[term];
    (fits ? plan.rare : plan.common).push_back(term);
  }
  plan.together = TogetherOf(plan.common, terms, counts);
  return plan;
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
