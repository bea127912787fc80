// Every metric of the service, in one list: /metrics, docs/operations.md and the golden test are
// made from it. Label values are the names of closed enums, so cardinality is bounded.
//
// Threads: a Metrics may be used concurrently.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace datastorage {

enum class Metric : std::uint8_t {
  kWriteTotal,     // {table, status}
  kWriteDuration,  // {table}
  kDualWriteSuccess,
  kDualWriteFailure,  // {reason}
  kFallbackMode,
  kCacheHits,
  kCacheMisses,
  kEmbeddingDuration,
  kValidationFailures,  // {field, reason}
  kQueryDuration,       // {operation}
  kQueryTotal,          // {operation, status}
  kHttpRequests,        // {route, method, status}
  kHttpDuration,        // {route}
  kHttpInFlight,
  kHttpRejected,  // {reason}
  kCommitBatchSize,
  kCommitQueue,
  kPendingVectors,  // {set, reason}
  kPendingOldest,   // {set}
  kPendingParked,   // {set}
  kRelayAttempts,   // {outcome}
  kEmbedderQueue,
  kEmbedderBatchTokens,
  kEmbedderTexts,
  kSearchDegraded,  // {code}
  kIndexPoints,
  kIndexScanDuration,
  kSharedCacheLookups,  // {result}
  kSharedCacheStores,   // {result}
  kVectorHeadRows,
  kVectorHeadMoved,
  kVectorSegments,
  kVectorCodedRows,
  kVectorSegmentBuilds,
  kVectorIndexSpared,        // {set}
  kReconcileDifferences,     // {kind}
  kDatabaseConnections,      // {database, pool}
  kDatabaseConnectionsLent,  // {database, pool}
  kDatabaseWait,             // {database, pool}
  kBuild,                    // {version, compiler}
};
inline constexpr int kMetricCount = 40;

enum class MetricType : std::uint8_t { kCounter, kGauge, kHistogram };

struct MetricDescription {
  std::string_view name;
  MetricType type;
  std::string_view help;
  std::vector<std::string_view> labels;
  std::vector<double> buckets;  // Histograms.
};
const MetricDescription& Describe(Metric metric);

class Metrics {
 public:
  using Labels = std::initializer_list<std::string_view>;  // Values, in the order of `labels`.

  Metrics();
  ~Metrics();
  Metrics(const Metrics&) = delete;
  Metrics& operator=(const Metrics&) = delete;

  void Count(Metric counter, Labels labels = {}, double amount = 1);
  void Set(Metric gauge, double value, Labels labels = {});
  // Seconds for durations.
  void Observe(Metric histogram, double value, Labels labels = {});
  // Removes every labelled child of a gauge, so that vanished label sets do not linger.
  void Clear(Metric gauge);

  // Prometheus text format 0.0.4.
  std::string Render() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace datastorage
