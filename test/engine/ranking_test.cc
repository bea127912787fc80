#include "engine/ranking.h"

#include <gtest/gtest.h>

namespace datastorage {
namespace {

SearchHit Hit(std::uint8_t id, std::optional<double> similarity, std::optional<double> bm25) {
  SearchHit hit;
  hit.record.id.bytes[15] = id;
  hit.similarity = similarity;
  hit.bm25 = bm25;
  return hit;
}

std::vector<int> Ids(const std::vector<SearchHit>& hits) {
  std::vector<int> ids;
  for (const SearchHit& hit : hits) ids.push_back(hit.record.id.bytes[15]);
  return ids;
}

TEST(FuseScores, AddsHalfTheRelativeTextScoreToTheCosine) {
  std::vector<SearchHit> hits{Hit(1, 0.5, 2.0), Hit(2, 0.9, std::nullopt), Hit(3, 0.4, 8.0)};
  FuseScores(hits);
  EXPECT_EQ(Ids(hits), (std::vector<int>{2, 3, 1}));  // 0.9, 0.4 + 0.5, 0.5 + 0.125.
  EXPECT_DOUBLE_EQ(hits[0].score, 0.9);
  EXPECT_DOUBLE_EQ(hits[1].score, 0.9);
  EXPECT_DOUBLE_EQ(hits[2].score, 0.625);
}

TEST(FuseScores, GivesAPendingRecordTheLeastCosineOfTheOthers) {
  std::vector<SearchHit> hits{
      Hit(1, 0.8, std::nullopt), Hit(2, 0.3, 1.0), Hit(3, std::nullopt, 4.0)};
  FuseScores(hits);
  EXPECT_EQ(Ids(hits), (std::vector<int>{1, 3, 2}));
  EXPECT_DOUBLE_EQ(hits[1].score, 0.8);
}

TEST(OrderBySimilarity, BreaksTiesById) {
  std::vector<SearchHit> hits{Hit(9, 0.5, {}), Hit(2, 0.5, {}), Hit(5, 0.7, {})};
  OrderBySimilarity(hits);
  EXPECT_EQ(Ids(hits), (std::vector<int>{5, 2, 9}));
}

TEST(OrderByText, PutsTheBestBm25First) {
  std::vector<SearchHit> hits{Hit(1, 0.9, 1.0), Hit(2, 0.1, 3.0)};
  OrderByText(hits);
  EXPECT_EQ(Ids(hits), (std::vector<int>{2, 1}));
}

}  // namespace
}  // namespace datastorage
