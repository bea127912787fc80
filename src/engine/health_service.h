// HealthService: what an operator and a load balancer may ask at any time. Ready means that a
// durable write is possible now; anything else that is lost is a finding, not unreadiness.
//
// Threads: safe to call concurrently; answers are cached for a second.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/metrics.h"
#include "base/runtime.h"
#include "engine/embedding_service.h"
#include "engine/vector_sets.h"
#include "ports/health_probe.h"
#include "ports/record_store.h"

namespace datastorage {

struct HealthFinding {
  std::string component;  // "record_store", "vector_index", "embedder", "relay", "cache".
  std::string code;       // A DegradedCode or PendingReason name, or "unavailable", "not_in_use".
  std::string reason;     // For people.
  WallTime since;
};

struct HealthReport {
  bool is_ready = false;
  std::vector<HealthFinding> findings;  // Empty: ok. Ready with findings: degraded.
};

class HealthService {
 public:
  HealthService(Runtime& runtime,
                HealthProbe& store_probe,
                RecordStore& store,
                VectorSets& sets,
                EmbeddingService* embedder,
                Metrics& metrics);

  // A dependency whose loss costs time only: a finding. REQUIRES: before the first Report;
  // `probe` outlives this.
  void AlsoProbe(std::string component, HealthProbe& probe);

  HealthReport Report(Deadline deadline);
  // Sets the gauges of pending rows and index; called before metrics are rendered.
  void RefreshGauges(Deadline deadline);

 private:
  void AddWarnings(HealthReport& report, Deadline deadline);
  void AddIndexes(HealthReport& report);
  void AddPending(HealthReport& report, Deadline deadline);
  void DateFindings(HealthReport& report);

  Runtime& runtime_;
  HealthProbe& store_probe_;
  RecordStore& store_;
  VectorSets& sets_;
  EmbeddingService* embedder_;
  Metrics& metrics_;
  std::vector<std::pair<std::string, HealthProbe*>> probes_;
  Mutex mutex_;
  std::vector<std::pair<std::string, WallTime>> since_;
  std::vector<HealthWarning> warnings_;  // Of the record store, when they were last asked for.
  std::optional<SteadyTime> warnings_asked_;
  HealthReport last_;
  SteadyTime last_time_{};
  bool has_last_ = false;
};

}  // namespace datastorage
