#include "engine/ranking.h"

#include <algorithm>

namespace datastorage {
namespace {

constexpr double kTextWeight = 0.5;

void OrderByScore(std::vector<SearchHit>& hits) {
  std::sort(hits.begin(), hits.end(), [](const SearchHit& a, const SearchHit& b) {
    return a.score != b.score ? a.score > b.score : a.record.id < b.record.id;
  });
}

}  // namespace

void FuseScores(std::vector<SearchHit>& candidates) {
  double best_bm25 = 0;
  double least_similarity = 1;
  for (const SearchHit& hit : candidates) {
    best_bm25 = std::max(best_bm25, hit.bm25.value_or(0));
    least_similarity = std::min(least_similarity, hit.similarity.value_or(1));
  }
  for (SearchHit& hit : candidates) {
    const double text = best_bm25 > 0 ? hit.bm25.value_or(0) / best_bm25 : 0;
    hit.score = kTextWeight * text + hit.similarity.value_or(least_similarity);
  }
  OrderByScore(candidates);
}

void OrderBySimilarity(std::vector<SearchHit>& hits) {
  for (SearchHit& hit : hits) hit.score = hit.similarity.value_or(0);
  OrderByScore(hits);
}

void OrderByText(std::vector<SearchHit>& hits) {
  for (SearchHit& hit : hits) hit.score = hit.bm25.value_or(0);
  OrderByScore(hits);
}

}  // namespace datastorage
