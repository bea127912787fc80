#include "engine/semantic_leg.h"

#include <algorithm>
#include <unordered_set>

#include "base/limits.h"
#include "schema/members.h"

namespace datastorage {
namespace {

constexpr int kFirstCandidateCount = 40;  // Re-ranking 40 gave recall 1.000 where 20 sufficed.
constexpr int kCandidateGrowth = 4;

void KeepNearest(std::vector<ConfirmedRecord>& records, const SemanticQuery& query) {
  std::erase_if(records, [&](const ConfirmedRecord& record) {
    if (!record.similarity.has_value() || record.record.id == query.excluded) return true;
    return query.least_similarity.has_value() && *record.similarity < *query.least_similarity;
  });
  std::sort(records.begin(), records.end(), [](const ConfirmedRecord& a, const ConfirmedRecord& b) {
    return a.similarity != b.similarity ? a.similarity > b.similarity : a.record.id < b.record.id;
  });
  if (records.size() > static_cast<std::size_t>(query.count)) {
    records.resize(static_cast<std::size_t>(query.count));
  }
}

}  // namespace

// What one question to the index gave.
struct SemanticLeg::Rung {
  std::vector<ConfirmedRecord> nearest;
  bool is_enough = false;  // No further candidate is needed for `count` or all that match.
  bool is_exact = false;   // Proven by the bound of the quantisation error.
};

Result<SemanticAnswer> SemanticLeg::Nearest(const SemanticQuery& query, Deadline deadline) {
  if (!sets_.IsFilled()) return AskStore(query, deadline);
  int candidate_count = std::max(kFirstCandidateCount, 2 * query.count);
  for (;;) {
    Result<Rung> rung = AskIndex(query, candidate_count, deadline);
    if (!rung.has_value()) return AskStore(query, deadline);
    if (rung->is_enough) return SemanticAnswer{std::move(rung->nearest), rung->is_exact, true};
    if (candidate_count >= limits::kSearchCandidateCountMax) break;
    candidate_count =
        std::min(candidate_count * kCandidateGrowth, limits::kSearchCandidateCountMax);
  }
  DS_ASSIGN_OR_RETURN(SemanticAnswer answer, AskStore(query, deadline));
  answer.used_index = true;  // It answered; there was just too little it could decide.
  return answer;
}

Result<SemanticLeg::Rung> SemanticLeg::AskIndex(const SemanticQuery& query,
                                                int candidate_count,
                                                Deadline deadline) {
  // Before the index: whatever is applied later was not acknowledged when this began.
  std::vector<RecordId> ids = sets_.unapplied().Ids();
  std::unordered_set<RecordId> known(ids.begin(), ids.end());
  VectorIndex& index = sets_.index();
  const WidenedFilter widened = Widen(query.filter, index.Capabilities().can_decide);
  const SteadyTime begin = SystemClock().Now();
  DS_ASSIGN_OR_RETURN(const Neighbors neighbors,
                      index.Nearest(query.vector, widened.filter, candidate_count, deadline));
  const std::chrono::duration<double> elapsed = SystemClock().Now() - begin;
  metrics_.Observe(Metric::kIndexScanDuration, elapsed.count());
  for (const Neighbor& hit : neighbors.hits) {
    if (known.insert(hit.id).second) ids.push_back(hit.id);
  }
  DS_ASSIGN_OR_RETURN(std::vector<ConfirmedRecord> confirmed,
                      Confirm(ids, query.filter, &query.vector, deadline));
  Rung rung;
  rung.nearest = std::move(confirmed);
  KeepNearest(rung.nearest, query);
  const bool is_full = rung.nearest.size() == static_cast<std::size_t>(query.count);
  // No point that is not listed can be nearer than this.
  const float ceiling =
      neighbors.hits.empty() ? -1.0F : neighbors.hits.back().score + neighbors.score_error;
  const bool is_floor_reached =
      query.least_similarity.has_value() && double{ceiling} < *query.least_similarity;
  const bool is_complete = neighbors.is_exhausted || is_floor_reached;
  rung.is_enough = is_complete || is_full;
  rung.is_exact = is_complete || (is_full && *rung.nearest.back().similarity >= ceiling);
  return rung;
}

Result<SemanticAnswer> SemanticLeg::AskStore(const SemanticQuery& query, Deadline deadline) {
  // One more than wanted, since the excluded record may be among them.
  DS_ASSIGN_OR_RETURN(
      const std::vector<SimilarHit> hits,
      store_.ExactNearest(query.vector, sets_.Space(), query.filter, query.count + 1, deadline));
  std::vector<RecordId> ids;
  ids.reserve(hits.size());
  for (const SimilarHit& hit : hits) ids.push_back(hit.id);
  DS_ASSIGN_OR_RETURN(std::vector<ConfirmedRecord> confirmed,
                      Confirm(ids, query.filter, &query.vector, deadline));
  SemanticAnswer answer{std::move(confirmed), true, false};
  KeepNearest(answer.nearest, query);
  return answer;
}

Result<std::vector<ConfirmedRecord>> SemanticLeg::Confirm(const std::vector<RecordId>& ids,
                                                          const Filter& filter,
                                                          const Embedding* vector,
                                                          Deadline deadline) {
  std::vector<ConfirmedRecord> confirmed;
  if (ids.empty()) return confirmed;
  const std::vector<RecordRef> refs(ids.begin(), ids.end());
  DS_ASSIGN_OR_RETURN(std::vector<ReadOutcome> outcomes,
                      store_.Read(refs, vector != nullptr ? sets_.Space() : "", deadline));
  confirmed.reserve(outcomes.size());
  for (ReadOutcome& outcome : outcomes) {
    if (outcome.status != ReadStatus::kFound) continue;
    const bool passes =
        filter.IsEverything() || Matches(filter, schema::FilterMembersOf(outcome.record));
    if (!passes) continue;
    std::optional<float> similarity;
    if (vector != nullptr && outcome.embedding.has_value()) {
      similarity = Dot(*vector, outcome.embedding->vector);
    }
    confirmed.push_back({std::move(outcome.record), similarity});
  }
  return confirmed;
}

}  // namespace datastorage
