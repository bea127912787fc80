// SemanticLeg: the records nearest to a vector, as the record store confirms them. One ladder:
// the index, the index asked for more, then the exact search of the record store.
//
// Threads: safe to call concurrently.
#pragma once

#include <optional>
#include <unordered_map>
#include <vector>

#include "base/metrics.h"
#include "engine/vector_sets.h"
#include "ports/record_store.h"

namespace datastorage {

struct ConfirmedRecord {
  Record record;
  std::optional<float> similarity;  // Cosine with the stored embedding; absent without one.
};

struct SemanticQuery {
  Embedding vector{};  // Length 1.
  Filter filter;
  int count = 0;  // Nearest records wanted.
  std::optional<double> least_similarity;
  std::optional<RecordId> excluded;  // The record that others are compared with.
};

struct SemanticAnswer {
  std::vector<ConfirmedRecord> nearest;  // Best first, ties by id; at most `count`.
  bool is_exact = true;
  bool used_index = true;  // False: by the record store, since the index could not answer.
  // Records that match and wait for their embedding, where the leg met them all.
  std::optional<std::int64_t> unembedded_count;
};

class SemanticLeg {
 public:
  SemanticLeg(Runtime& runtime, RecordStore& store, VectorSets& sets, Metrics& metrics)
      : runtime_(runtime), store_(store), sets_(sets), metrics_(metrics) {}

  // Errors: those of the record store.
  Result<SemanticAnswer> Nearest(const SemanticQuery& query, Deadline deadline);

  // Reads records once, drops what is not committed or does not pass the filter, and compares
  // each with `vector`, if given. Order is lost.
  Result<std::vector<ConfirmedRecord>> Confirm(const std::vector<RecordId>& ids,
                                               const Filter& filter,
                                               const Embedding* vector,
                                               Deadline deadline);

 private:
  struct Rung;
  Result<Rung> AskIndex(const VectorPlace& live,
                        const SemanticQuery& query,
                        int candidate_count,
                        Deadline deadline);
  Result<std::vector<RecordId>> UnappliedIds(const VectorPlace& live, Deadline deadline);
  Result<Neighbors> AskNearest(const VectorPlace& live,
                               const SemanticQuery& query,
                               int candidate_count,
                               Deadline deadline);
  Result<std::vector<RecordId>> NearestOf(const std::vector<RecordId>& ids,
                                          const SemanticQuery& query,
                                          int count,
                                          Deadline deadline);
  Result<SemanticAnswer> AskStore(const SemanticQuery& query, Deadline deadline);

  Runtime& runtime_;
  RecordStore& store_;
  VectorSets& sets_;
  Metrics& metrics_;
};

}  // namespace datastorage
