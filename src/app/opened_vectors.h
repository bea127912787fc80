// OpenedVectors: one place of vectors that this process works with: its index under the name that
// vector sets call it by, and what runs beside it.
//
// Threads:   Open, Start and Stop are called from one thread.
// Ownership: keeps references to the parts, which must outlive it.
#pragma once

#include <memory>
#include <string>

#include "app/config.h"
#include "base/metrics.h"
#include "base/runtime.h"
#include "engine/batched_vector_index.h"
#include "engine/vector_sets.h"
#include "opensearch/opensearch_index.h"
#include "ports/health_probe.h"
#include "postgres/head_mover.h"
#include "postgres/pgvector_index.h"
#include "postgres/segment_loader.h"
#include "postgres/vector_database.h"
#include "scan/scan_index.h"

namespace datastorage::app {

// What sets in memory call their engine. Nothing of them outlives the process.
inline constexpr std::string_view kMemoryEngine = "scan";

class OpenedVectors {
 public:
  struct Parts {
    Runtime& runtime;
    Metrics& metrics;
    ScanIndex& memory;
    postgres::Sessions* store_sessions = nullptr;  // Where the record store is PostgreSQL.
    std::string_view database = "vectors";  // What metrics call a server of vectors: a literal.
  };

  // A server that is away is no error. Errors: of one that can never do.
  static Result<std::unique_ptr<OpenedVectors>> Open(const VectorsPlace& place,
                                                     const Config& config,
                                                     const Parts& parts);

  const VectorEngine& engine() const { return engine_; }
  // Of a server of its own; else null.
  HealthProbe* probe() { return probe_; }

  void Start();
  void Stop();

 private:
  explicit OpenedVectors(const Parts& parts) : parts_(parts) {}
  Result<void> OpenPlace(const VectorsPlace& place, const Config& config);
  Result<void> OpenDatabase(const VectorsPlace& place, const Config& config);
  Result<void> OpenCluster(const VectorsPlace& place);
  const postgres::SegmentCodes* MakeCodes(const Config& config);
  void TendTo(postgres::Sessions& sessions);

  const Parts parts_;
  std::unique_ptr<postgres::SegmentCodes> codes_;      // Of the next or the one after; may be null.
  std::unique_ptr<postgres::PgvectorIndex> pgvector_;  // In the store's database.
  std::unique_ptr<postgres::VectorDatabase> database_;
  std::unique_ptr<opensearch::OpenSearchIndex> cluster_;
  std::unique_ptr<BatchedVectorIndex> batched_;  // Before either of the last two.
  // Of either of the first two places.
  std::unique_ptr<postgres::HeadMover> head_mover_;
  std::unique_ptr<postgres::SegmentLoader> loader_;
  VectorEngine engine_;
  HealthProbe* probe_ = nullptr;
};

// For people: where vectors are, without secrets.
std::string DescriptionOf(const VectorsPlace& place);

}  // namespace datastorage::app
