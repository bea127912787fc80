// Which records a search reads, by how common its words are.
#include "postgres/term_plan.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <numeric>

#include "support/random_records.h"

namespace datastorage::postgres {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

const std::vector<SearchTerm> kTerms{{"a"}, {"b"}, {"c"}, {"d", "e"}};

TEST(TermPlan, ReadsAllRecordsOfRareTermsTheRarestFirst) {
  const TermPlan plan = PlanTerms(kTerms, std::vector<double>{2'000, 10, 1'000, 62});
  EXPECT_THAT(plan.rare, ElementsAre(1, 3, 2, 0));
  EXPECT_THAT(plan.common, IsEmpty());
  EXPECT_THAT(plan.together, IsEmpty());
}

TEST(TermPlan, AsksForCommonTermsTogetherAndThenForHalfOfThem) {
  const TermPlan plan = PlanTerms(kTerms, std::vector<double>{9'000, 10, 5'000, 6'000});
  EXPECT_THAT(plan.rare, ElementsAre(1));
  EXPECT_THAT(plan.common, ElementsAre(2, 3, 0));
  // Of a phrase the index knows the words only.
  EXPECT_THAT(plan.together, ElementsAre("('c') & ('d') & ('e') & ('a')", "('c')"));
}

TEST(TermPlan, AsksForAllTermsWhateverThatCostsAndForFewerWhereThereIsRoom) {
  const TermPlan plan = PlanTerms(kTerms, std::vector<double>{20'000, 90'000, 50'000, 900'000});
  EXPECT_THAT(plan.together, ElementsAre("('a') & ('c') & ('b') & ('d') & ('e')"));
  EXPECT_THAT(PlanTerms(kTerms, std::vector<double>(4, 1e6)).together,
              ElementsAre("('a') & ('b') & ('c') & ('d') & ('e')"));
  EXPECT_THAT(PlanTerms({{"a"}}, std::vector<double>{1e6}).together, IsEmpty());
  const std::vector<SearchTerm> many(9, SearchTerm{"a"});
  EXPECT_THAT(PlanTerms(many, std::vector<double>(9, 1e6)).together, IsEmpty());
}

TEST(TermPlan, AsksForAWordOnceHoweverManyTermsHoldIt) {
  const std::vector<SearchTerm> alike{{"a"}, {"a"}};
  EXPECT_THAT(PlanTerms(alike, std::vector<double>(2, 1e6)).together, IsEmpty());
  const std::vector<SearchTerm> joined{{"a", "b"}, {"a"}, {"b"}};
  EXPECT_THAT(PlanTerms(joined, std::vector<double>{4'000, 4'000, 9'000}).together,
              ElementsAre("('a') & ('b')"));
}

TEST(TermPlan, CountsEachOfTheRarestPhrasesOfCommonWordsOnce) {
  const std::vector<SearchTerm> terms{
      {"a", "b"}, {"c"}, {"a", "c"}, {"d", "e"}, {"a", "b"}, {"e", "f"}};
  const std::vector<double> counts{9'000, 5'000, 7'000, 3'000, 9'000, 8'000};
  EXPECT_THAT(PhrasesToCount(terms, counts, 4), ElementsAre(2, 5, 0));
  EXPECT_THAT(PhrasesToCount(terms, counts, 2), ElementsAre(2, 5));
}

// The entries of the index that the questions of a plan read at most, but for that of all terms.
double EntryCountOf(const TermPlan& plan, std::span<const double> counts) {
  double entry_count = 0;
  for (const std::string& query : plan.together) {
    const auto words = static_cast<std::size_t>(std::count(query.begin(), query.end(), '('));
    if (words == plan.common.size() && words > 1) continue;
    entry_count += counts[plan.common.front()] * static_cast<double>(words);
  }
  return entry_count;
}

TEST(TermPlan, BoundsTheWorkWhateverTheCounts) {
  RandomRecords random(3);
  for (int round = 0; round < 2'000; ++round) {
    std::vector<SearchTerm> terms;
    std::vector<double> counts;
    const std::size_t size = 1 + random.Below(20);
    const std::size_t most = std::size_t{1} << random.Below(22);
    for (std::size_t i = 0; i < size; ++i) {
      terms.push_back({std::string(1, static_cast<char>('a' + i))});
      counts.push_back(static_cast<double>(random.Below(most)));
    }
    const TermPlan plan = PlanTerms(terms, counts);
    EXPECT_EQ(plan.rare.size() + plan.common.size(), size);
    const double read =
        std::accumulate(plan.rare.begin(), plan.rare.end(), 0.0, [&](double sum, std::size_t term) {
          return sum + counts[term];
        });
    EXPECT_LE(read, kScoredCountMax);
    EXPECT_LE(EntryCountOf(plan, counts), kEntryCountMax);
    EXPECT_LE(plan.together.size(), 4U);
  }
}

}  // namespace
}  // namespace datastorage::postgres
