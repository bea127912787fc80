#include "engine/health_service.h"

#include <algorithm>

namespace datastorage {
namespace {

constexpr Duration kReportLifetime = std::chrono::seconds(1);
constexpr Duration kWarningsLifetime = std::chrono::seconds(10);
constexpr Duration kProbeTimeout = std::chrono::seconds(2);

}  // namespace

HealthService::HealthService(Runtime& runtime,
                             HealthProbe& store_probe,
                             RecordStore& store,
                             VectorSets& sets,
                             EmbeddingService* embedder,
                             Metrics& metrics)
    : runtime_(runtime),
      store_probe_(store_probe),
      store_(store),
      sets_(sets),
      embedder_(embedder),
      metrics_(metrics),
      mutex_(runtime) {}

void HealthService::AlsoProbe(std::string component, HealthProbe& probe) {
  probes_.emplace_back(std::move(component), &probe);
}

HealthReport HealthService::Report(Deadline deadline) {
  // Held while probing: a crowd of askers costs one probe.
  const MutexLock lock(mutex_);
  if (has_last_ && runtime_.Now() - last_time_ < kReportLifetime) return last_;
  const Deadline limit = deadline.Within(kProbeTimeout, runtime_);
  HealthReport report;
  const Result<void> store = store_probe_.Check(limit);
  report.is_ready = store.has_value();
  if (!store.has_value()) {
    report.findings.push_back({"record_store", "unavailable", store.error().message, {}});
  }
  AddWarnings(report, limit);
  if (!sets_.IsFilled()) {
    report.findings.push_back({"vector_index",
                               "index_filling",
                               "the index is being filled; searches are exact meanwhile",
                               {}});
  }
  const std::optional<Error> failure =
      embedder_ != nullptr ? embedder_->LastFailure() : std::nullopt;
  if (failure.has_value()) {
    report.findings.push_back({"embedder", "embedder_unavailable", failure->message, {}});
  }
  for (const auto& [component, probe] : probes_) {
    const Result<void> answer = probe->Check(limit);
    if (answer.has_value()) continue;
    report.findings.push_back({component, "unavailable", answer.error().message, {}});
  }
  AddIndexes(report);
  AddPending(report, limit);
  DateFindings(report);
  last_ = report;
  last_time_ = runtime_.Now();
  has_last_ = true;
  return report;
}

void HealthService::AddWarnings(HealthReport& report, Deadline deadline) {
  const SteadyTime now = runtime_.Now();
  if (!warnings_asked_.has_value() || now - *warnings_asked_ >= kWarningsLifetime) {
    warnings_asked_ = now;
    // A store that is away is a finding already.
    warnings_ = store_probe_.Warnings(deadline).value_or(std::vector<HealthWarning>());
  }
  for (const HealthWarning& warning : warnings_) {
    report.findings.push_back({"record_store", warning.code, warning.reason, {}});
  }
}

// What this process knows of indexes that fail by themselves, whatever a probe says.
void HealthService::AddIndexes(HealthReport& report) {
  constexpr std::string_view kComponent = "vector_index";
  const bool is_known =
      std::any_of(report.findings.begin(), report.findings.end(), [&](const auto& finding) {
        return finding.component == kComponent;
      });
  if (is_known) return;
  for (const VectorPlace& place : sets_.Places()) {
    if (!place.is_marked) {
      report.findings.push_back({std::string(kComponent),
                                 "not_in_use",
                                 "the index was not reached since the start, or is being compared "
                                 "with the records; searches are exact meanwhile",
                                 {}});
    } else if (place.IsSpared()) {
      report.findings.push_back({std::string(kComponent),
                                 "unavailable",
                                 "calls of the index fail; one a second finds out when it is back",
                                 {}});
    }
  }
}

void HealthService::AddPending(HealthReport& report, Deadline deadline) {
  const Result<std::vector<PendingTally>> tallies = store_.TallyPending(deadline);
  if (!tallies.has_value()) return;
  for (const PendingTally& tally : *tallies) {
    report.findings.push_back(
        {"relay",
         std::string(tally.is_parked ? "parked" : NameOf(tally.reason)),
         std::to_string(tally.count) +
             (tally.is_parked ? " records are parked without their vector in set "
                              : " records wait for their vector in set ") +
             std::to_string(tally.set) +
             (tally.is_parked ? "; `datastorage pending release` has them tried again" : ""),
         tally.oldest});
  }
}

// A finding that brings no time of its own holds since it was first reported.
void HealthService::DateFindings(HealthReport& report) {
  std::vector<std::pair<std::string, WallTime>> still_held;
  for (HealthFinding& finding : report.findings) {
    const std::string key = finding.component + "/" + finding.code;
    const auto known = std::find_if(
        since_.begin(), since_.end(), [&](const auto& entry) { return entry.first == key; });
    const WallTime since = known != since_.end() ? known->second : runtime_.WallNow();
    if (finding.since == WallTime{}) finding.since = since;
    still_held.emplace_back(key, since);
  }
  since_ = std::move(still_held);
}

void HealthService::RefreshGauges(Deadline deadline) {
  if (const std::optional<VectorPlace> live = sets_.Live(); live.has_value()) {
    metrics_.Set(Metric::kIndexPoints, static_cast<double>(live->index->Size()));
  }
  metrics_.Clear(Metric::kVectorIndexSpared);
  for (const VectorPlace& place : sets_.Places()) {
    if (!place.rules.has_breaker) continue;
    const bool is_used = place.is_marked && !place.IsSpared();
    metrics_.Set(Metric::kVectorIndexSpared, is_used ? 0 : 1, {std::to_string(place.set.id)});
  }
  const Result<std::vector<PendingTally>> tallies = store_.TallyPending(deadline);
  if (!tallies.has_value()) return;
  metrics_.Clear(Metric::kPendingVectors);
  metrics_.Clear(Metric::kPendingOldest);
  metrics_.Clear(Metric::kPendingParked);
  std::vector<std::pair<std::string, WallTime>> oldest;
  for (const PendingTally& tally : *tallies) {
    const std::string set = std::to_string(tally.set);
    const auto count = static_cast<double>(tally.count);
    if (tally.is_parked) {
      metrics_.Set(Metric::kPendingParked, count, {set});
    } else {
      metrics_.Set(Metric::kPendingVectors, count, {set, NameOf(tally.reason)});
    }
    const auto known = std::find_if(
        oldest.begin(), oldest.end(), [&](const auto& entry) { return entry.first == set; });
    if (known == oldest.end()) {
      oldest.emplace_back(set, tally.oldest);
    } else {
      known->second = std::min(known->second, tally.oldest);
    }
  }
  for (const auto& [set, since] : oldest) {
    const std::chrono::duration<double> age = runtime_.WallNow() - since;
    metrics_.Set(Metric::kPendingOldest, age.count(), {set});
  }
}

}  // namespace datastorage
