#include "postgres/term_plan.h"

#include <algorithm>
#include <numeric>

#include "base/check.h"

namespace datastorage::postgres {
namespace {

// So many common words are asked for together at most.
constexpr std::size_t kTogetherWordCountMax = 8;

// The index reads every entry of a word to tell which records hold it beside another.
double EntryCountOf(std::span<const std::size_t> places,
                    const std::vector<SearchTerm>& terms,
                    std::span<const double> counts) {
  double entry_count = 0;
  for (const std::size_t place : places) {
    entry_count += counts[place] * static_cast<double>(terms[place].size());
  }
  return entry_count;
}

// As many of the terms as may be read, then half of them…
std::vector<std::string> TogetherOf(std::span<const std::size_t> common,
                                    const std::vector<SearchTerm>& terms,
                                    std::span<const double> counts) {
  std::vector<std::string> queries;
  double room = kEntryCountMax;
  std::size_t size = std::min(common.size(), kTogetherWordCountMax);
  while (size > 0) {
    const std::span<const std::size_t> rarest = common.first(size);
    const double entry_count = EntryCountOf(rarest, terms, counts);
    const bool fits = entry_count <= room;
    if (fits) {
      room -= entry_count;
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
