// Metrics over prometheus-cpp: one family an entry of the table below.
#include "base/metrics.h"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <array>
#include <map>
#include <mutex>

#include "base/check.h"

namespace datastorage {
namespace {

using enum MetricType;

// Seconds, from one cache hit to the longest request.
const std::vector<double> kSeconds{
    0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10};
const std::vector<double> kBatchSizes{1, 2, 4, 8, 16, 32, 64, 128};
const std::vector<double> kBatchTokens{32, 64, 128, 256, 512, 1024, 2048};

// NOLINTNEXTLINE(readability-function-size): one table, whose length is that of the list.
const std::array<MetricDescription, kMetricCount>& Table() {
  static const std::array<MetricDescription, kMetricCount> table{{
      {"datastorage_write_total",
       kCounter,
       "Creations and updates by kind of record and outcome.",
       {"table", "status"},
       {}},
      {"datastorage_write_duration_seconds",
       kHistogram,
       "Time from a valid request to its durable outcome.",
       {"table"},
       kSeconds},
      {"datastorage_dualwrite_success_total",
       kCounter,
       "Writes whose vector was findable when the writer was answered.",
       {},
       {}},
      {"datastorage_dualwrite_failure_total",
       kCounter,
       "Writes whose vector was left to the relay, by reason.",
       {"reason"},
       {}},
      {"datastorage_fallback_mode_total",
       kCounter,
       "Records stored while their vector could not be.",
       {},
       {}},
      {"datastorage_cache_hits_total",
       kCounter,
       "Embeddings served without running the model.",
       {},
       {}},
      {"datastorage_cache_misses_total", kCounter, "Embeddings the model had to compute.", {}, {}},
      {"datastorage_embedding_generation_duration_seconds",
       kHistogram,
       "Time of one run of the embedding model.",
       {},
       kSeconds},
      {"datastorage_validation_failures_total",
       kCounter,
       "Violations in refused requests, by member and rule.",
       {"field", "reason"},
       {}},
      {"datastorage_query_duration_seconds",
       kHistogram,
       "Time of a read, list or search.",
       {"operation"},
       kSeconds},
      {"datastorage_query_total",
       kCounter,
       "Reads, lists and searches by outcome.",
       {"operation", "status"},
       {}},
      {"datastorage_http_requests_total",
       kCounter,
       "Answered HTTP requests.",
       {"route", "method", "status"},
       {}},
      {"datastorage_http_request_duration_seconds",
       kHistogram,
       "Time from the whole request to its whole answer, by route.",
       {"route"},
       kSeconds},
      {"datastorage_http_requests_in_flight", kGauge, "Requests being handled now.", {}, {}},
      {"datastorage_http_rejected_total",
       kCounter,
       "Requests and connections refused before a route was asked, by reason.",
       {"reason"},
       {}},
      {"datastorage_commit_batch_size",
       kHistogram,
       "Operations committed in one transaction.",
       {},
       kBatchSizes},
      {"datastorage_commit_queue_length", kGauge, "Operations waiting for a commit.", {}, {}},
      {"datastorage_pending_vectors",
       kGauge,
       "Records whose vector is not yet in a set, by reason.",
       {"set", "reason"},
       {}},
      {"datastorage_pending_oldest_seconds",
       kGauge,
       "Age of the oldest pending vector of a set.",
       {"set"},
       {}},
      {"datastorage_pending_parked",
       kGauge,
       "Pending vectors that are no longer tried until released.",
       {"set"},
       {}},
      {"datastorage_relay_attempts_total",
       kCounter,
       "Pending vectors that the relay tried to finish.",
       {"outcome"},
       {}},
      {"datastorage_embedder_queue_length", kGauge, "Texts waiting for the model.", {}, {}},
      {"datastorage_embedder_batch_tokens",
       kHistogram,
       "Word pieces in one run of the model.",
       {},
       kBatchTokens},
      {"datastorage_embedder_texts_total", kCounter, "Texts the model has embedded.", {}, {}},
      {"datastorage_search_degraded_total",
       kCounter,
       "Searches that said their answer may lack something, by code.",
       {"code"},
       {}},
      {"datastorage_index_points", kGauge, "Vectors in the index that answers searches.", {}, {}},
      {"datastorage_index_scan_duration_seconds",
       kHistogram,
       "Time of one nearest-neighbour query in the index.",
       {},
       kSeconds},
      {"datastorage_shared_cache_lookups_total",
       kCounter,
       "Keys asked of the shared cache: hit, miss, invalid (a value that is none) or unanswered.",
       {"result"},
       {}},
      {"datastorage_shared_cache_stores_total",
       kCounter,
       "Embeddings given to the shared cache: stored or failed.",
       {"result"},
       {}},
      {"datastorage_vector_head_rows",
       kGauge,
       "New vectors that wait outside of pgvector's index, counted no further than their bound.",
       {},
       {}},
      {"datastorage_vector_head_moved_total",
       kCounter,
       "New vectors that this replica brought into pgvector's index.",
       {},
       {}},
      {"datastorage_vector_segments",
       kGauge,
       "Segments of pgvector's index that were built whole and are searched.",
       {},
       {}},
      {"datastorage_vector_coded_rows",
       kGauge,
       "Vectors of those segments that this replica has in memory as codes.",
       {},
       {}},
      {"datastorage_vector_segment_builds_total",
       kCounter,
       "Segments that this replica built of new vectors, or merged.",
       {},
       {}},
      {"datastorage_vector_index_spared",
       kGauge,
       "1 while the index of a set, on another server, is not asked: it fails, or is not in use "
       "yet.",
       {"set"},
       {}},
      {"datastorage_reconcile_differences_total",
       kCounter,
       "Differences between records and vectors that reconcile runs found and left to the relay.",
       {"kind"},
       {}},
      {"datastorage_database_connections",
       kGauge,
       "Connections of a pool that are open.",
       {"database", "pool"},
       {}},
      {"datastorage_database_connections_in_use",
       kGauge,
       "Connections of a pool that run something.",
       {"database", "pool"},
       {}},
      {"datastorage_database_connection_wait_seconds",
       kHistogram,
       "Time until a caller got a connection of a pool, or none.",
       {"database", "pool"},
       kSeconds},
      {"datastorage_build_info", kGauge, "Always 1; what runs.", {"version", "compiler"}, {}},
  }};
  return table;
}

}  // namespace

const MetricDescription& Describe(Metric metric) {
  return Table()[static_cast<std::size_t>(metric)];
}

namespace {

using LabelValues = std::vector<std::string>;

// One metric: its family, and the children by label values.
template <class Child>
struct Series {
  prometheus::Family<Child>* family = nullptr;
  std::map<LabelValues, Child*> children;
};

// The family's lock is not enough: a child must not be removed while it is being set.
struct Entry {
  std::mutex mutex;
  Series<prometheus::Counter> counters;
  Series<prometheus::Gauge> gauges;
  Series<prometheus::Histogram> histograms;
};

template <class Child, class... Arguments>
Child& ChildOf(Series<Child>& series,
               const MetricDescription& description,
               Metrics::Labels values,
               const Arguments&... arguments) {
  DS_CHECK(series.family != nullptr);
  DS_CHECK(values.size() == description.labels.size());
  LabelValues key(values.begin(), values.end());
  const auto found = series.children.find(key);
  if (found != series.children.end()) return *found->second;
  prometheus::Labels labels;
  for (std::size_t i = 0; i < key.size(); ++i) labels[std::string(description.labels[i])] = key[i];
  Child& child = series.family->Add(labels, arguments...);
  series.children.emplace(std::move(key), &child);
  return child;
}

}  // namespace

struct Metrics::State {
  prometheus::Registry registry;
  std::array<Entry, kMetricCount> entries;

  Entry& EntryOf(Metric metric) { return entries[static_cast<std::size_t>(metric)]; }
};

namespace {

template <class Builder>
auto& RegisterFamily(Builder builder,
                     const MetricDescription& description,
                     prometheus::Registry& registry) {
  return builder.Name(std::string(description.name))
      .Help(std::string(description.help))
      .Register(registry);
}

}  // namespace

Metrics::Metrics() : state_(std::make_unique<State>()) {
  for (int i = 0; i < kMetricCount; ++i) {
    const MetricDescription& description = Table()[static_cast<std::size_t>(i)];
    Entry& entry = state_->entries[static_cast<std::size_t>(i)];
    prometheus::Registry& registry = state_->registry;
    const bool is_plain = description.labels.empty();  // Shown as 0 before the first event.
    switch (description.type) {
      case kCounter:
        entry.counters.family = &RegisterFamily(prometheus::BuildCounter(), description, registry);
        if (is_plain) ChildOf(entry.counters, description, {});
        break;
      case kGauge:
        entry.gauges.family = &RegisterFamily(prometheus::BuildGauge(), description, registry);
        if (is_plain) ChildOf(entry.gauges, description, {});
        break;
      case kHistogram:
        entry.histograms.family =
            &RegisterFamily(prometheus::BuildHistogram(), description, registry);
        if (is_plain) ChildOf(entry.histograms, description, {}, description.buckets);
        break;
    }
  }
}

Metrics::~Metrics() = default;

void Metrics::Count(Metric counter, Labels labels, double amount) {
  Entry& entry = state_->EntryOf(counter);
  const std::lock_guard<std::mutex> lock(entry.mutex);
  ChildOf(entry.counters, Describe(counter), labels).Increment(amount);
}

void Metrics::Set(Metric gauge, double value, Labels labels) {
  Entry& entry = state_->EntryOf(gauge);
  const std::lock_guard<std::mutex> lock(entry.mutex);
  ChildOf(entry.gauges, Describe(gauge), labels).Set(value);
}

void Metrics::Observe(Metric histogram, double value, Labels labels) {
  const MetricDescription& description = Describe(histogram);
  Entry& entry = state_->EntryOf(histogram);
  const std::lock_guard<std::mutex> lock(entry.mutex);
  ChildOf(entry.histograms, description, labels, description.buckets).Observe(value);
}

void Metrics::Clear(Metric gauge) {
  Entry& entry = state_->EntryOf(gauge);
  const std::lock_guard<std::mutex> lock(entry.mutex);
  for (const auto& [labels, child] : entry.gauges.children) entry.gauges.family->Remove(child);
  entry.gauges.children.clear();
}

std::string Metrics::Render() const {
  return prometheus::TextSerializer().Serialize(state_->registry.Collect());
}

}  // namespace datastorage
