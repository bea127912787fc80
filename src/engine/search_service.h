// SearchService: records by meaning and by words. The order of reads is the one of the
// dual-write protocol: pending ids, then the index, then one read of the record store
// that drops what is not committed and re-applies the filter.
//
// Threads:   safe to call concurrently.
// Ownership: keeps references to what it is given; all must outlive it.
#pragma once

#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/metrics.h"
#include "domain/query.h"
#include "engine/embedding_service.h"
#include "engine/semantic_leg.h"
#include "engine/vector_sets.h"
#include "ports/record_store.h"

namespace datastorage {

enum class SearchMode : std::uint8_t { kHybrid, kSemantic, kText };
std::string_view NameOf(SearchMode mode);
std::optional<SearchMode> ParseSearchMode(std::string_view name);

struct SearchRequest {
  std::string text;                    // Either this …
  std::optional<Embedding> embedding;  // … or this, of any length but zero.
  SearchMode mode = SearchMode::kHybrid;
  Filter filter;  // `kind` included.
  int limit = 0;
  std::optional<double> min_similarity;
  std::optional<RecordId> excluded = std::nullopt;  // By meaning.
};

// Why an answer may lack something; a closed list in docs/search.md.
enum class DegradedCode : std::uint8_t {
  kEmbedderUnavailable,  // The query could not be embedded: text only.
  kEmbedderDisabled,     // The service runs without an embedder.
  kIndexUnavailable,     // Exact search over stored embeddings instead.
  kIndexFilling,         // The index is being filled: exact search instead.
  kSetFilling,           // A new model's set is being filled: meaning is not searched yet.
  kPendingEmbeddings,    // `count` records that match have no embedding yet.
  kTextUnavailable,      // The text leg failed: meaning only.
};
inline constexpr int kDegradedCodeCount = 7;
std::string_view NameOf(DegradedCode code);

struct Degradation {
  DegradedCode code = DegradedCode::kEmbedderUnavailable;
  std::optional<std::int64_t> count;
  std::optional<WallTime> since;
};

struct SearchHit {
  Record record;
  double score = 0;                  // What hits are ordered by; comparable within one answer.
  std::optional<double> similarity;  // Cosine, -1…1; absent without an embedding.
  std::optional<double> bm25;
  std::optional<int> semantic_rank;  // 1 is best; absent when that leg did not find it.
  std::optional<int> text_rank;
};

struct SearchReply {
  std::vector<SearchHit> hits;
  bool is_exact = true;  // Of the semantic leg; a pure text search is exact.
  std::vector<Degradation> degraded;
  std::string model;  // Empty without an embedder.
};

struct SimilarRequest {
  RecordRef ref;
  Filter filter;
  int limit = 0;
  std::optional<double> min_similarity;
};

class SearchService {
 public:
  // `embedder` may be null: then words only.
  SearchService(Runtime& runtime,
                RecordStore& store,
                VectorSets& sets,
                EmbeddingService* embedder,
                Metrics& metrics);

  // Errors: kInvalidArgument (nothing to search for), kUnavailable, kDeadlineExceeded, kInternal.
  Result<SearchReply> Search(const SearchRequest& request, Deadline deadline);

  // The record itself is left out. Errors: also kNotFound (no such record, or erased).
  Result<SearchReply> Similar(const SimilarRequest& request, Deadline deadline);

 private:
  using Candidates = std::unordered_map<RecordId, SearchHit>;

  Result<SearchReply> SearchUncounted(const SearchRequest& request, Deadline deadline);
  Result<SearchReply> SimilarUncounted(const SimilarRequest& request, Deadline deadline);
  Result<std::optional<Embedding>> QueryVector(const SearchRequest& request,
                                               SearchReply& reply,
                                               Deadline deadline);
  Result<void> AddSemanticLeg(const SearchRequest& request,
                              const Embedding& vector,
                              Candidates& candidates,
                              SearchReply& reply,
                              Deadline deadline);
  Result<void> AddTextLeg(const SearchRequest& request,
                          const std::optional<Embedding>& vector,
                          Candidates& candidates,
                          SearchReply& reply,
                          Deadline deadline);
  Result<void> CountPending(const SearchRequest& request,
                            const SemanticAnswer& answer,
                            SearchReply& reply,
                            Deadline deadline);
  static void Order(const SearchRequest& request, bool has_vector, SearchReply& reply);
  void Count(std::string_view operation, const Result<SearchReply>& reply, SteadyTime begin);

  Runtime& runtime_;
  RecordStore& store_;
  VectorSets& sets_;
  EmbeddingService* embedder_;
  Metrics& metrics_;
  SemanticLeg semantic_;
};

}  // namespace datastorage
