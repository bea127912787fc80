// Scores worked out by hand; test/property/text_search_property_test.cc compares them with
// SQLite's.
#include "postgres/text_score.h"

#include <gtest/gtest.h>

#include <cmath>
#include <string>

namespace datastorage::postgres {
namespace {

constexpr unsigned kText = 3;

// A tsvector as the server sends it.
class Sent {
 public:
  Sent& Add(std::string_view word, const std::vector<std::pair<unsigned, unsigned>>& places) {
    bytes_ += std::string(word) + '\0';
    Append(static_cast<unsigned>(places.size()));
    for (const auto& [weight, place] : places) Append(weight << 14U | place);
    ++count_;
    return *this;
  }
  std::vector<std::uint8_t> Take() const {
    std::string all{'\0', '\0', '\0', static_cast<char>(count_)};
    all += bytes_;
    return {all.begin(), all.end()};
  }

 private:
  void Append(unsigned number) {
    bytes_ += static_cast<char>(number >> 8U);
    bytes_ += static_cast<char>(number & 255U);
  }
  std::string bytes_;
  int count_ = 0;
};

double ByHand(double records, double count, double frequency, double relative_length) {
  const double rarity = std::log((records - count + 0.5) / (count + 0.5));
  return rarity * (frequency * 2.2) / (frequency + 1.2 * (0.25 + 0.75 * relative_length));
}

double Score(const std::vector<SearchTerm>& terms,
             const TextStatistics& statistics,
             const Sent& record,
             std::int64_t length) {
  TermCounter counter(terms);
  return Bm25(statistics).Score(counter.FrequenciesOf(record.Take()), length);
}

TEST(TextScore, IsBm25OverTheTermsThatAreThere) {
  const std::vector<SearchTerm> terms{{"pod"}, {"crash"}, {"none"}};
  const TextStatistics statistics{
      .record_count = 100, .mean_length = 10, .term_counts = {4, 20, 1}};
  Sent record;
  record.Add("crash", {{kText, 2}, {0, 9}}).Add("other", {{kText, 1}}).Add("pod", {{kText, 3}});
  EXPECT_DOUBLE_EQ(Score(terms, statistics, record, 20),
                   ByHand(100, 4, 1, 2) + ByHand(100, 20, 1.2, 2));
  EXPECT_EQ(Score(terms, statistics, Sent().Add("other", {{kText, 1}}), 1), 0);
  EXPECT_EQ(Score(terms, statistics, Sent(), 0), 0);
}

TEST(TextScore, CountsJoinedWordsOnlyWhereTheyFollowEachOther) {
  const std::vector<SearchTerm> terms{{"a", "b", "a"}};
  const TextStatistics statistics{.record_count = 100, .mean_length = 10, .term_counts = {4}};
  Sent whole;
  whole.Add("a", {{kText, 1}, {kText, 3}, {kText, 5}}).Add("b", {{kText, 2}, {kText, 4}});
  EXPECT_DOUBLE_EQ(Score(terms, statistics, whole, 10), ByHand(100, 4, 2, 1));
  Sent apart;
  apart.Add("a", {{kText, 1}, {kText, 4}}).Add("b", {{kText, 2}});
  EXPECT_EQ(Score(terms, statistics, apart, 10), 0);
}

TEST(TextScore, OfAWordInMostRecordsIsSmallAndAboveZero) {
  const TextStatistics statistics{.record_count = 10, .mean_length = 1, .term_counts = {9}};
  const double score = Score({{"pod"}}, statistics, Sent().Add("pod", {{kText, 1}}), 1);
  EXPECT_GT(score, 0);
  EXPECT_LT(score, 1e-5);
}

}  // namespace
}  // namespace datastorage::postgres
