#include "engine/search_service.h"

#include <algorithm>
#include <array>
#include <unordered_map>

#include "base/limits.h"
#include "engine/ranking.h"
#include "schema/embedded_text.h"

namespace datastorage {
namespace {

constexpr int kLegDepth = 100;  // Candidates of each leg that fusion looks at.
constexpr Duration kQueryEmbeddingTimeout = std::chrono::seconds(5);

constexpr std::array<std::string_view, 3> kModeNames{"hybrid", "semantic", "text"};
constexpr std::array<std::string_view, kDegradedCodeCount> kDegradedNames{"embedder_unavailable",
                                                                          "embedder_disabled",
                                                                          "index_unavailable",
                                                                          "index_filling",
                                                                          "set_filling",
                                                                          "pending_embeddings",
                                                                          "text_unavailable"};

// What the index refused has one.
bool MayLackEmbedding(PendingReason reason) {
  return reason != PendingReason::kVectorStoreUnavailable &&
         reason != PendingReason::kVectorStoreBusy;
}

SearchHit HitOf(ConfirmedRecord&& confirmed) {
  SearchHit hit;
  hit.record = std::move(confirmed.record);
  if (confirmed.similarity.has_value()) hit.similarity = double{*confirmed.similarity};
  return hit;
}

}  // namespace

std::string_view NameOf(SearchMode mode) {
  return kModeNames[static_cast<std::size_t>(mode)];
}

std::optional<SearchMode> ParseSearchMode(std::string_view name) {
  for (std::size_t i = 0; i < kModeNames.size(); ++i) {
    if (kModeNames[i] == name) return static_cast<SearchMode>(i);
  }
  return std::nullopt;
}

std::string_view NameOf(DegradedCode code) {
  return kDegradedNames[static_cast<std::size_t>(code)];
}

SearchService::SearchService(Runtime& runtime,
                             RecordStore& store,
                             VectorSets& sets,
                             EmbeddingService* embedder,
                             Metrics& metrics)
    : runtime_(runtime),
      store_(store),
      sets_(sets),
      embedder_(embedder),
      metrics_(metrics),
      semantic_(runtime, store, sets, metrics) {}

Result<SearchReply> SearchService::Search(const SearchRequest& request, Deadline deadline) {
  const SteadyTime begin = runtime_.Now();
  Result<SearchReply> reply = SearchUncounted(request, deadline);
  Count(NameOf(request.mode), reply, begin);
  return reply;
}

Result<SearchReply> SearchService::SearchUncounted(const SearchRequest& request,
                                                   Deadline deadline) {
  if (request.text.empty() && !request.embedding.has_value()) {
    return InvalidArgument("there is nothing to search for");
  }
  SearchReply reply;
  if (embedder_ != nullptr) reply.model = embedder_->Space();
  std::optional<Embedding> vector;
  if (request.mode != SearchMode::kText || request.min_similarity.has_value()) {
    DS_ASSIGN_OR_RETURN(vector, QueryVector(request, reply, deadline));
  }
  std::unordered_map<RecordId, SearchHit> candidates;
  if (vector.has_value() && request.mode != SearchMode::kText) {
    DS_RETURN_IF_ERROR(AddSemanticLeg(request, *vector, candidates, reply, deadline));
  }
  const bool is_text_wanted = request.mode != SearchMode::kSemantic ||
                              (!vector.has_value() && !request.embedding.has_value());
  if (is_text_wanted && !request.text.empty()) {
    DS_RETURN_IF_ERROR(AddTextLeg(request, vector, candidates, reply, deadline));
  }
  for (auto& [id, hit] : candidates) reply.hits.push_back(std::move(hit));
  Order(request, vector.has_value(), reply);
  return reply;
}

Result<SearchReply> SearchService::Similar(const SimilarRequest& request, Deadline deadline) {
  const SteadyTime begin = runtime_.Now();
  Result<SearchReply> reply = SimilarUncounted(request, deadline);
  Count("similar", reply, begin);
  return reply;
}

Result<SearchReply> SearchService::SimilarUncounted(const SimilarRequest& request,
                                                    Deadline deadline) {
  DS_ASSIGN_OR_RETURN(const std::vector<ReadOutcome> found,
                      store_.Read({&request.ref, 1}, sets_.Space(), deadline));
  const ReadOutcome& origin = found.front();
  if (origin.status != ReadStatus::kFound) return NotFound("there is no such record");

  SearchReply reply;
  if (embedder_ == nullptr) {
    reply.degraded.push_back({DegradedCode::kEmbedderDisabled, std::nullopt, std::nullopt});
    return reply;
  }
  reply.model = embedder_->Space();
  SearchRequest search{"",
                       std::nullopt,
                       SearchMode::kSemantic,
                       request.filter,
                       request.limit,
                       request.min_similarity,
                       origin.record.id};
  if (origin.embedding.has_value()) {
    search.embedding = origin.embedding->vector;
  } else if (const auto text = schema::EmbeddedText(origin.record.body); text.has_value()) {
    search.text = *text;
  } else {
    return reply;  // Nothing to compare: no record is similar.
  }
  DS_ASSIGN_OR_RETURN(const std::optional<Embedding> vector, QueryVector(search, reply, deadline));
  if (!vector.has_value()) return reply;
  std::unordered_map<RecordId, SearchHit> candidates;
  DS_RETURN_IF_ERROR(AddSemanticLeg(search, *vector, candidates, reply, deadline));
  for (auto& [id, hit] : candidates) reply.hits.push_back(std::move(hit));
  Order(search, true, reply);
  return reply;
}

// The vector that the query means; none, said in `degraded`, when it cannot be had.
Result<std::optional<Embedding>> SearchService::QueryVector(const SearchRequest& request,
                                                            SearchReply& reply,
                                                            Deadline deadline) {
  if (embedder_ == nullptr) {
    reply.degraded.push_back({DegradedCode::kEmbedderDisabled, std::nullopt, std::nullopt});
    return std::optional<Embedding>();
  }
  if (request.embedding.has_value()) {
    Embedding vector = *request.embedding;
    if (!Normalize(vector)) return InvalidArgument("the embedding has no direction");
    return std::optional<Embedding>(vector);
  }
  const std::string text = schema::NormalizeForEmbedding(request.text);
  const Result<Embedding> vector = embedder_->Embed(
      text, EmbeddingPriority::kQuery, deadline.Within(kQueryEmbeddingTimeout, runtime_));
  if (vector.has_value()) return std::optional<Embedding>(*vector);
  reply.degraded.push_back({DegradedCode::kEmbedderUnavailable, std::nullopt, std::nullopt});
  reply.is_exact = false;
  return std::optional<Embedding>();
}

Result<void> SearchService::AddSemanticLeg(const SearchRequest& request,
                                           const Embedding& vector,
                                           Candidates& candidates,
                                           SearchReply& reply,
                                           Deadline deadline) {
  const int depth =
      request.mode == SearchMode::kHybrid ? std::max(kLegDepth, request.limit) : request.limit;
  const bool was_filled = sets_.IsFilled();
  DS_ASSIGN_OR_RETURN(
      SemanticAnswer answer,
      semantic_.Nearest({vector, request.filter, depth, request.min_similarity, request.excluded},
                        deadline));
  reply.is_exact = answer.is_exact;
  if (!answer.used_index) {
    const DegradedCode code =
        was_filled ? DegradedCode::kIndexUnavailable : DegradedCode::kIndexFilling;
    reply.degraded.push_back({code, std::nullopt, std::nullopt});
  }
  DS_RETURN_IF_ERROR(CountPending(request, answer, reply, deadline));
  int rank = 0;
  for (ConfirmedRecord& confirmed : answer.nearest) {
    const RecordId id = confirmed.record.id;
    SearchHit hit = HitOf(std::move(confirmed));
    hit.semantic_rank = ++rank;
    candidates.emplace(id, std::move(hit));
  }
  return {};
}

// Says how many records that match cannot be found by meaning yet.
Result<void> SearchService::CountPending(const SearchRequest& request,
                                         const SemanticAnswer& answer,
                                         SearchReply& reply,
                                         Deadline deadline) {
  const std::optional<VectorPlace> live = sets_.Live();
  if (!live.has_value()) return {};
  std::int64_t count = answer.unembedded_count.value_or(0);
  if (!answer.unembedded_count.has_value() || !live->HasRowPerWrite()) {
    DS_ASSIGN_OR_RETURN(const std::vector<PendingTally> tallies, store_.TallyPending(deadline));
    count = 0;
    for (const PendingTally& tally : tallies) {
      if (tally.set == live->set.id && MayLackEmbedding(tally.reason)) count += tally.count;
    }
    if (count > 0 && !request.filter.IsEverything()) {
      const Filter pending_ones =
          Filter::And({Filter::Equals(Member::kVector, std::string(NameOf(VectorState::kPending))),
                       request.filter});
      DS_ASSIGN_OR_RETURN(count, store_.Count(pending_ones, count, deadline));
    }
  }
  if (count > 0) {
    reply.degraded.push_back({DegradedCode::kPendingEmbeddings, count, std::nullopt});
  }
  return {};
}

Result<void> SearchService::AddTextLeg(const SearchRequest& request,
                                       const std::optional<Embedding>& vector,
                                       Candidates& candidates,
                                       SearchReply& reply,
                                       Deadline deadline) {
  const int depth = std::max(kLegDepth, request.limit);
  const Result<std::vector<TextHit>> hits =
      store_.TextSearch(request.text, request.filter, depth, deadline);
  if (!hits.has_value()) {
    // Meaning alone is an answer; nothing at all is not.
    if (candidates.empty()) return hits.error();
    reply.degraded.push_back({DegradedCode::kTextUnavailable, std::nullopt, std::nullopt});
    return {};
  }
  std::vector<RecordId> unread;
  for (const TextHit& hit : *hits) {
    if (!candidates.contains(hit.id)) unread.push_back(hit.id);
  }
  DS_ASSIGN_OR_RETURN(
      std::vector<ConfirmedRecord> confirmed,
      semantic_.Confirm(unread, request.filter, vector.has_value() ? &*vector : nullptr, deadline));
  for (ConfirmedRecord& record : confirmed) {
    const RecordId id = record.record.id;
    candidates.emplace(id, HitOf(std::move(record)));
  }
  int rank = 0;
  for (const TextHit& hit : *hits) {
    const auto found = candidates.find(hit.id);
    if (found == candidates.end()) continue;  // Gone since the text leg read it.
    found->second.bm25 = hit.bm25;
    found->second.text_rank = ++rank;
  }
  return {};
}

void SearchService::Order(const SearchRequest& request, bool has_vector, SearchReply& reply) {
  if (has_vector && request.min_similarity.has_value()) {
    std::erase_if(reply.hits, [&](const SearchHit& hit) {
      return !hit.similarity.has_value() || *hit.similarity < *request.min_similarity;
    });
  }
  if (request.mode == SearchMode::kText || !has_vector) {
    OrderByText(reply.hits);
  } else if (request.mode == SearchMode::kSemantic) {
    OrderBySimilarity(reply.hits);
  } else {
    FuseScores(reply.hits);
  }
  if (reply.hits.size() > static_cast<std::size_t>(request.limit)) {
    reply.hits.resize(static_cast<std::size_t>(request.limit));
  }
}

void SearchService::Count(std::string_view operation,
                          const Result<SearchReply>& reply,
                          SteadyTime begin) {
  const std::chrono::duration<double> elapsed = runtime_.Now() - begin;
  metrics_.Observe(Metric::kQueryDuration, elapsed.count(), {operation});
  metrics_.Count(Metric::kQueryTotal,
                 {operation, reply.has_value() ? "ok" : NameOf(reply.error().code)});
  if (!reply.has_value()) return;
  for (const Degradation& degradation : reply->degraded) {
    metrics_.Count(Metric::kSearchDegraded, {NameOf(degradation.code)});
  }
}

}  // namespace datastorage
