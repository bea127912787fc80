#include "engine/reconciler.h"

#include <algorithm>
#include <map>

#include "base/log.h"

namespace datastorage {
namespace {

constexpr Duration kIntentPause = std::chrono::milliseconds(200);
// A page is looked at this often before a difference that changes each time is believed.
constexpr int kLooks = 4;

}  // namespace

// One run over one set.
struct Reconciler::Pass {
  const VectorPlace& place;
  const ReconcileOptions& options;
  Deadline deadline;
  LostStamps lost = options.lost;
  ReconcileReport report{};
  RecordId after{};
  // Of this page.
  std::vector<RecordId> different{};
  std::vector<RecordId> pending{};  // Different, with a pending row of another stamp.
  std::vector<RecordId> intents{};  // Of all pages: different, and a strict creation is under way.
  std::vector<RecordId> equal{};    // To be compared deeply.
};

// An id whose two sides differ, in one look or more.
struct Reconciler::Open {
  RecordId id;
  Verdict verdict;
  bool has_row;
  ReconcilePage::Stamps stamps;
};

Result<ReconcileReport> Reconciler::Run(const VectorPlace& place,
                                        const ReconcileOptions& options,
                                        Deadline deadline) {
  Pass pass{place, options, deadline};
  DS_ASSIGN_OR_RETURN(const LostStamps lost, FindLost(place, options.is_dry_run, deadline));
  if (!lost.IsEmpty()) pass.lost = lost;
  pass.report.stamps_raised_from = lost.after;
  for (;;) {
    if (options.is_stopping != nullptr && options.is_stopping->load()) {
      return Unavailable("the service is stopping");
    }
    DS_ASSIGN_OR_RETURN(const bool has_more, ComparePage(pass));
    if (!options.is_dry_run) DS_RETURN_IF_ERROR(Mend(pass));
    if (has_more) continue;
    DS_RETURN_IF_ERROR(AwaitIntents(pass));
    return pass.report;
  }
}

Result<LostStamps> Reconciler::RaiseStamps(const VectorPlace& place, Deadline deadline) {
  return FindLost(place, false, deadline);
}

// After a restore or a failover the index may hold stamps that are still to be issued. Whatever is
// issued from here on is above them all.
Result<LostStamps> Reconciler::FindLost(const VectorPlace& place,
                                        bool is_dry_run,
                                        Deadline deadline) {
  DS_ASSIGN_OR_RETURN(const Stamp held, place.index->HighestStamp(deadline));
  const bool is_believed = held <= kStampBelievedMax;
  DS_ASSIGN_OR_RETURN(const Stamp issued,
                      store_.RaiseStamps(is_dry_run || !is_believed ? 0 : held, deadline));
  if (held <= issued) return LostStamps{};
  if (!is_believed) {
    Log(LogLevel::kError,
        "a vector index holds a stamp that none can go above: fill a new set",
        {{"set", place.set.id}, {"held", held}, {"issued", issued}});
    return LostStamps{};
  }
  Log(LogLevel::kError,
      "a vector index is ahead of the record store",
      {{"set", place.set.id}, {"held", held}, {"issued", issued}});
  return LostStamps{issued, held};
}

// Compares one page. False at the end.
Result<bool> Reconciler::ComparePage(Pass& pass) {
  pass.different.clear();
  pass.pending.clear();
  pass.equal.clear();
  DS_ASSIGN_OR_RETURN(const ReconcilePage page, ReadPage(pass, pass.options.is_deep));
  std::vector<Open> open;
  for (const auto& [id, side] : page.sides) {
    if (!page.Reaches(id)) break;
    if (side.HasRecord()) ++pass.report.checked_count;
    const Verdict verdict = side.Compare(pass.lost);
    if (verdict == Verdict::kEqual) continue;
    if (verdict == Verdict::kCompareContents) {
      pass.equal.push_back(id);
    } else if (verdict == Verdict::kUnderWay && !pass.place.rules.is_written_with_record) {
      pass.pending.push_back(id);
    } else {
      open.push_back({id, verdict, side.HasRow(), ReconcilePage::StampsOf(side)});
    }
  }
  DS_RETURN_IF_ERROR(LookAgain(pass, std::move(open)));
  if (pass.options.is_deep) DS_RETURN_IF_ERROR(CompareContents(pass, page.points));
  if (page.last.has_value()) pass.after = *page.last;
  return page.last.has_value();
}

Result<ReconcilePage> Reconciler::ReadPage(const Pass& pass, bool is_deep) {
  return ReconcilePage::Read(store_, pass.place, pass.after, is_deep, pass.deadline);
}

// A write that came between the readings of the two sides makes them differ too. What is equal in
// a later page was such a one; what has the same stamps there, no write came between.
Result<void> Reconciler::LookAgain(Pass& pass, std::vector<Open> open) {
  for (int look = 1; look < kLooks && !open.empty(); ++look) {
    DS_ASSIGN_OR_RETURN(const ReconcilePage page, ReadPage(pass, /*is_deep=*/false));
    std::vector<Open> left;
    for (const Open& each : open) {
      const ReconcilePage::Side side = page.Of(each.id);
      const Verdict verdict = side.Compare(pass.lost);
      const Open now{each.id, verdict, side.HasRow(), ReconcilePage::StampsOf(side)};
      if (!page.Reaches(each.id) || now.stamps == each.stamps) {
        Count(pass, each);
      } else if (verdict == Verdict::kUnderWay) {
        if (!pass.place.rules.is_written_with_record) pass.pending.push_back(each.id);
      } else if (verdict != Verdict::kEqual && verdict != Verdict::kCompareContents) {
        left.push_back(now);
      }
    }
    open = std::move(left);
  }
  // Of ids that are written all the while. Each write leaves its own row, where it is not one
  // transaction with the vector's; to leave one more is safe.
  if (pass.place.rules.is_written_with_record) return {};
  for (const Open& each : open) (each.has_row ? pass.pending : pass.different).push_back(each.id);
  return {};
}

void Reconciler::Count(Pass& pass, const Open& difference) {
  (difference.has_row ? pass.pending : pass.different).push_back(difference.id);
  switch (difference.verdict) {
    case Verdict::kEqual:
    case Verdict::kCompareContents:
    case Verdict::kUnderWay: return;
    case Verdict::kMissing: ++pass.report.missing_count; return;
    case Verdict::kStale: ++pass.report.stale_count; return;
    case Verdict::kForeign: ++pass.report.foreign_count; return;
  }
}

// Of the points whose stamps are right, finds those whose content is not.
Result<void> Reconciler::CompareContents(Pass& pass, const std::vector<HeldPoint>& points) {
  if (pass.equal.empty()) return {};
  const std::vector<RecordRef> refs(pass.equal.begin(), pass.equal.end());
  DS_ASSIGN_OR_RETURN(const std::vector<ReadOutcome> outcomes,
                      store_.Read(refs, pass.place.set.space, pass.deadline));
  std::map<RecordId, const HeldPoint*> points_of;
  for (const HeldPoint& point : points) points_of[point.id] = &point;
  for (const ReadOutcome& outcome : outcomes) {
    const HeldPoint& point = *points_of[outcome.id];
    // A record that has changed since has its own pending row.
    const bool is_comparable =
        outcome.status == ReadStatus::kFound && outcome.record.stamp == point.stamp;
    if (!is_comparable || HoldsContent(point, outcome)) continue;
    ++pass.report.altered_count;
    pass.different.push_back(outcome.id);
  }
  return {};
}

Result<void> Reconciler::Mend(Pass& pass) {
  // A row whose writer has sent the vector is about to go, though the index may have lost it since;
  // and one that is behind the index can no longer win. Under a fresh stamp it stays until the
  // relay has done it. A row that has come since is left alone.
  DS_RETURN_IF_ERROR(Enqueue(pass, pass.different, /*renews=*/false));
  if (pass.options.keeps_rows) return {};
  DS_ASSIGN_OR_RETURN(std::vector<RecordId> intents, Enqueue(pass, pass.pending, /*renews=*/true));
  pass.intents.insert(pass.intents.end(), intents.begin(), intents.end());
  return {};
}

// The ids whose rows are left as they were.
Result<std::vector<RecordId>> Reconciler::Enqueue(Pass& pass,
                                                  const std::vector<RecordId>& ids,
                                                  bool renews) {
  std::vector<RecordId> kept;
  if (ids.empty()) return kept;
  std::vector<WriteOp> operations;
  operations.reserve(ids.size());
  for (const RecordId& id : ids) {
    operations.emplace_back(
        EnqueuePendingOp{pass.place.set.id, id, PendingReason::kReconcile, renews});
  }
  DS_ASSIGN_OR_RETURN(const std::vector<WriteOutcome> outcomes,
                      store_.Commit(operations, CommitMode::kEachForItself, pass.deadline));
  for (std::size_t i = 0; i < ids.size(); ++i) {
    if (outcomes[i].status == WriteStatus::kEnqueued) ++pass.report.mended_count;
    if (outcomes[i].status == WriteStatus::kAlreadyPending) kept.push_back(ids[i]);
  }
  return kept;
}

// The vector of a strict creation goes before its record: if the index has lost it meanwhile,
// nothing stands for that once the record is there. Its intent must not be touched, so its end is
// awaited.
Result<void> Reconciler::AwaitIntents(Pass& pass) {
  if (pass.options.is_dry_run) return {};
  while (!pass.intents.empty()) {
    if (pass.deadline.HasPassed(runtime_))
      return DeadlineExceeded("strict creations are under way");
    runtime_.Sleep(kIntentPause);
    DS_ASSIGN_OR_RETURN(pass.intents, Enqueue(pass, pass.intents, /*renews=*/true));
  }
  return {};
}

}  // namespace datastorage
