#include "engine/semantic_leg.h"

#include <algorithm>
#include <unordered_set>

#include "base/limits.h"
#include "engine/failpoint.h"
#include "engine/mutant.h"
#include "schema/members.h"

namespace datastorage {
namespace {

constexpr int kFirstCandidateCount = 40;  // Re-ranking 40 gave recall 1.000 where 20 sufficed.
constexpr int kCandidateGrowth = 4;
constexpr Duration kIndexTimeout = std::chrono::seconds(2);
// More unapplied records than this are compared by the record store, a part of them at a time, and
// only the best of them are read whole.
constexpr std::size_t kUnappliedReadMax = 200;
constexpr std::size_t kUnappliedPartCount = 20'000;

// Whether such a row waits for the model. Where only these have rows, nothing can be found by
// meaning that such a row stands for; the others are what the index refused.
bool LacksEmbedding(PendingReason reason) {
  return reason == PendingReason::kNotYet || reason == PendingReason::kEmbedderUnavailable ||
         reason == PendingReason::kEmbedderBusy;
}

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
  std::optional<std::int64_t> unembedded_count;
};

Result<SemanticAnswer> SemanticLeg::Nearest(const SemanticQuery& query, Deadline deadline) {
  const std::optional<VectorPlace> live = sets_.Live();
  if (!live.has_value() || !sets_.IsFilled() || !live->MayAsk()) return AskStore(query, deadline);
  int candidate_count = std::max(kFirstCandidateCount, 2 * query.count);
  for (;;) {
    Result<Rung> rung = AskIndex(*live, query, candidate_count, deadline);
    if (!rung.has_value()) return AskStore(query, deadline);
    if (rung->is_enough) {
      return SemanticAnswer{std::move(rung->nearest), rung->is_exact, true, rung->unembedded_count};
    }
    if (candidate_count >= limits::kSearchCandidateCountMax) break;
    candidate_count =
        std::min(candidate_count * kCandidateGrowth, limits::kSearchCandidateCountMax);
  }
  DS_ASSIGN_OR_RETURN(SemanticAnswer answer, AskStore(query, deadline));
  answer.used_index = true;  // It answered; there was just too little it could decide.
  return answer;
}

// What the index may not show yet, or show as it was: asked before the index, so that whatever is
// missing here was shown by then, or not acknowledged when the search began.
Result<std::vector<RecordId>> SemanticLeg::UnappliedIds(const VectorPlace& live,
                                                        Deadline deadline) {
  std::vector<RecordId> ids = sets_.unapplied().Ids();
  DS_ASSIGN_OR_RETURN(const PendingIdPage pending, store_.PendingIds(live.set.id, deadline));
  if (!pending.is_live) {
    DS_RETURN_IF_ERROR(sets_.Refresh(deadline));
    return Unavailable("another vector set answers searches by now");
  }
  const bool has_row_per_write = live.HasRowPerWrite();
  const bool is_index_behind = has_row_per_write || live.rules.is_written_with_record;
  if (!pending.is_complete && is_index_behind) return Unavailable("too many records are pending");
  std::unordered_set<RecordId> known(ids.begin(), ids.end());
  for (const PendingId& each : pending.ids) {
    if (!has_row_per_write && LacksEmbedding(each.reason)) continue;
    if (known.insert(each.id).second) ids.push_back(each.id);
  }
  return ids;
}

Result<Neighbors> SemanticLeg::AskNearest(const VectorPlace& live,
                                          const SemanticQuery& query,
                                          int candidate_count,
                                          Deadline deadline) {
  const WidenedFilter widened = Widen(query.filter, live.index->Capabilities().can_decide);
  const Deadline wait = deadline.Within(kIndexTimeout, runtime_);
  return live.Ask(wait, [&](VectorIndex& index) {
    const SteadyTime begin = runtime_.Now();
    Result<Neighbors> neighbors =
        index.Nearest(query.vector, widened.filter, candidate_count, wait);
    const std::chrono::duration<double> elapsed = runtime_.Now() - begin;
    metrics_.Observe(Metric::kIndexScanDuration, elapsed.count());
    return neighbors;
  });
}

Result<SemanticLeg::Rung> SemanticLeg::AskIndex(const VectorPlace& live,
                                                const SemanticQuery& query,
                                                int candidate_count,
                                                Deadline deadline) {
  DS_ASSIGN_OR_RETURN(std::vector<RecordId> ids, UnappliedIds(live, deadline));
  DS_ASSIGN_OR_RETURN(const Neighbors neighbors,
                      AskNearest(live, query, candidate_count, deadline));
  DS_FAILPOINT_SEARCHED();
  if (DS_MUTANT(kIndexFirst)) {
    DS_ASSIGN_OR_RETURN(ids, UnappliedIds(live, deadline));
  }
  const std::unordered_set<RecordId> unapplied(ids.begin(), ids.end());
  const bool are_read = ids.size() <= kUnappliedReadMax;
  if (!are_read) {
    DS_ASSIGN_OR_RETURN(ids, NearestOf(ids, query, candidate_count, deadline));
  }
  for (const Neighbor& hit : neighbors.hits) {
    if (!unapplied.contains(hit.id)) ids.push_back(hit.id);
  }
  DS_ASSIGN_OR_RETURN(std::vector<ConfirmedRecord> confirmed,
                      Confirm(ids, query.filter, &query.vector, deadline));
  Rung rung;
  if (are_read) {
    rung.unembedded_count =
        std::count_if(confirmed.begin(), confirmed.end(), [&](const ConfirmedRecord& each) {
          return !each.similarity.has_value() && each.record.vector == VectorState::kPending;
        });
  }
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
  const bool is_proven = is_full && *rung.nearest.back().similarity >= ceiling;
  rung.is_exact = neighbors.is_exhausted || (!neighbors.may_miss && (is_complete || is_proven));
  return rung;
}

// As many as a whole answer may need: no other of `ids` can be among its `count`.
Result<std::vector<RecordId>> SemanticLeg::NearestOf(const std::vector<RecordId>& ids,
                                                     const SemanticQuery& query,
                                                     int count,
                                                     Deadline deadline) {
  std::vector<SimilarHit> nearest;
  for (std::size_t from = 0; from < ids.size(); from += kUnappliedPartCount) {
    const std::size_t until = std::min(ids.size(), from + kUnappliedPartCount);
    std::vector<MemberValue> part;
    part.reserve(until - from);
    for (std::size_t i = from; i < until; ++i) part.emplace_back(ids[i].ToString());
    const Filter filter = Filter::And({Filter::AnyOf(Member::kId, std::move(part)), query.filter});
    DS_ASSIGN_OR_RETURN(const std::vector<SimilarHit> hits,
                        store_.ExactNearest(query.vector, sets_.Space(), filter, count, deadline));
    nearest.insert(nearest.end(), hits.begin(), hits.end());
  }
  std::sort(nearest.begin(), nearest.end(), [](const SimilarHit& a, const SimilarHit& b) {
    return a.similarity != b.similarity ? a.similarity > b.similarity : a.id < b.id;
  });
  if (nearest.size() > static_cast<std::size_t>(count)) {
    nearest.resize(static_cast<std::size_t>(count));
  }
  std::vector<RecordId> found;
  found.reserve(nearest.size());
  for (const SimilarHit& hit : nearest) found.push_back(hit.id);
  return found;
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
  SemanticAnswer answer{std::move(confirmed), true, false, std::nullopt};
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
