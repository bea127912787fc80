#include "engine/reconcile_service.h"

#include <algorithm>

#include "base/log.h"

namespace datastorage {
namespace {

void Add(ReconcileReport& sum, const ReconcileReport& report) {
  sum.checked_count += report.checked_count;
  sum.missing_count += report.missing_count;
  sum.stale_count += report.stale_count;
  sum.altered_count += report.altered_count;
  sum.foreign_count += report.foreign_count;
  sum.mended_count += report.mended_count;
  sum.stamps_raised_from = std::max(sum.stamps_raised_from, report.stamps_raised_from);
}

}  // namespace

ReconcileService::ReconcileService(Runtime& runtime,
                                   RecordStore& store,
                                   VectorSets& sets,
                                   Metrics& metrics)
    : sets_(sets), reconciler_(runtime, store), metrics_(metrics) {
  CountFound({});  // Shown as 0 before the first run.
}

Result<std::optional<ReconcileReport>> ReconcileService::Run(ReconcileOptions options,
                                                             Deadline deadline) {
  if (is_running_.exchange(true)) return std::optional<ReconcileReport>();
  options.is_stopping = &is_stopping_;
  const Result<ReconcileReport> report = RunEach(options, deadline);
  is_running_.store(false);
  if (!report.has_value()) return report.error();
  Log(LogLevel::kInfo,
      "reconciled",
      {{"checked", report->checked_count},
       {"missing", report->missing_count},
       {"stale", report->stale_count},
       {"altered", report->altered_count},
       {"foreign", report->foreign_count},
       {"mended", report->mended_count},
       {"skipped_sets", report->skipped_count}});
  return std::optional<ReconcileReport>(*report);
}

Result<ReconcileReport> ReconcileService::RunEach(const ReconcileOptions& options,
                                                  Deadline deadline) {
  if (!sets_.IsFilled()) return Unavailable("the index is still being filled");
  DS_RETURN_IF_ERROR(sets_.Refresh(deadline));
  ReconcileReport sum;
  for (const VectorPlace& place : sets_.Places()) {
    if (!place.IsLive()) {
      ++sum.skipped_count;
      continue;
    }
    if (!place.is_marked) return Unavailable("a vector index cannot be reached");
    Result<ReconcileReport> report = reconciler_.Run(place, options, deadline);
    // What an earlier page found is pending, whatever became of this one.
    if (!options.is_dry_run) wake_relay_();
    if (!report.has_value()) return std::move(report).error();
    if (!options.is_dry_run) CountFound(*report);
    Add(sum, *report);
  }
  return sum;
}

void ReconcileService::CountFound(const ReconcileReport& report) {
  const auto count = [this](std::string_view kind, std::int64_t found) {
    metrics_.Count(Metric::kReconcileDifferences, {kind}, static_cast<double>(found));
  };
  count("missing", report.missing_count);
  count("stale", report.stale_count);
  count("altered", report.altered_count);
  count("foreign", report.foreign_count);
}

}  // namespace datastorage
