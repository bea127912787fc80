// Ranking: one order out of two legs.
#pragma once

#include <vector>

#include "engine/search_service.h"

namespace datastorage {

// Orders candidates for a hybrid answer by 0.5 · bm25 / (best bm25) + cosine, a sum of scores:
// on incident texts it beats reciprocal rank fusion (docs/search.md). A candidate without an
// embedding takes the least cosine among the others, so that a record whose vector is pending is
// neither favoured nor buried. Ties by id. Sets `score`.
void FuseScores(std::vector<SearchHit>& candidates);

// Orders by similarity, ties by id, and sets `score` to it. REQUIRES: all have a similarity.
void OrderBySimilarity(std::vector<SearchHit>& hits);

// Orders by bm25, ties by id, and sets `score` to it. REQUIRES: all have a bm25.
void OrderByText(std::vector<SearchHit>& hits);

}  // namespace datastorage
