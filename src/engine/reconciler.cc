#include "engine/reconciler.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <tuple>

#include "base/limits.h"
#include "base/log.h"
#include "schema/members.h"

namespace datastorage {
namespace {

constexpr Duration kIntentPause = std::chrono::milliseconds(200);
constexpr int kPageCount = static_cast<int>(limits::kScanPageCountMax);

enum class Verdict : std::uint8_t {
  kEqual,
  kCompareContents,
  kUnderWay,  // A pending row says already that they differ.
  kMissing,
  kStale,
  kForeign,
};

// What one id's two sides say. A pending row stands for its difference already, but for an index
// that is ahead of it, as after the record store was put back to an older state.
Verdict Compare(const StoredId& stored, const HeldPoint* point, const LostStamps& lost) {
  const bool has_point = point != nullptr && !point->is_tombstone;
  const Stamp held = point != nullptr ? point->stamp : 0;
  if (stored.pending_stamp.has_value()) {
    // What waits was never sent, if the index holds its stamp from the time that was lost.
    const bool is_same = held == *stored.pending_stamp;
    if (held > *stored.pending_stamp || (is_same && lost.MayHave(held))) return Verdict::kStale;
    return is_same ? Verdict::kEqual : Verdict::kUnderWay;
  }
  if (!stored.has_text) return has_point ? Verdict::kForeign : Verdict::kEqual;
  if (!has_point || !stored.has_embedding) return Verdict::kMissing;
  return held == *stored.record_stamp ? Verdict::kCompareContents : Verdict::kStale;
}

// Of the values that the index keeps; the state of the vector is not content.
bool HoldsMembers(const FilterMembers& held, const FilterMembers& wanted) {
  return std::all_of(held.values.begin(), held.values.end(), [&](const auto& each) {
    const MemberValue* value = wanted.Find(each.first);
    return each.first == Member::kVector || (value != nullptr && *value == each.second);
  });
}

bool HoldsContent(const HeldPoint& point, const ReadOutcome& record) {
  if (!point.embedding.has_value() || !record.embedding.has_value()) return false;
  const float tolerance = point.embedding_error + 1e-6F;
  for (std::size_t i = 0; i < point.embedding->size(); ++i) {
    const float difference = (*point.embedding)[i] - record.embedding->vector[i];
    if (std::abs(difference) > tolerance) return false;
  }
  return HoldsMembers(point.members, schema::FilterMembersOf(record.record));
}

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

struct Reconciler::Page {
  struct Side {
    const StoredId* stored = nullptr;
    const HeldPoint* point = nullptr;
  };

  std::vector<StoredId> stored;
  std::vector<HeldPoint> points;
  std::map<RecordId, Side> sides;
  std::optional<RecordId> last;  // Further ids are another page's.

  // Whether this page, read after the one of `side`, has the same stamps of the id. Record and
  // vector of one transaction are read one after the other, and a write may come between; if both
  // are as they were, none did.
  bool Repeats(RecordId id, const Side& side) const {
    if (last.has_value() && *last < id) return true;
    const auto found = sides.find(id);
    const Side now = found != sides.end() ? found->second : Side();
    const auto stamps = [](const Side& of) {
      return std::tuple(of.stored != nullptr ? of.stored->record_stamp : std::nullopt,
                        of.stored != nullptr ? of.stored->pending_stamp : std::nullopt,
                        of.point != nullptr ? of.point->stamp : 0,
                        of.point != nullptr && of.point->is_tombstone);
    };
    return stamps(now) == stamps(side);
  }
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
  DS_ASSIGN_OR_RETURN(const Stamp issued, store_.RaiseStamps(is_dry_run ? 0 : held, deadline));
  if (held <= issued) return LostStamps{};
  Log(LogLevel::kError,
      "a vector index is ahead of the record store",
      {{"set", place.set.id}, {"held", held}, {"issued", issued}});
  return LostStamps{issued, held};
}

// The ids after `pass.after`, as far as one page of each side reaches.
Result<Reconciler::Page> Reconciler::ReadPage(const Pass& pass) {
  Page page;
  // The store first: what is written after this has its own pending row.
  DS_ASSIGN_OR_RETURN(page.stored,
                      store_.ScanIds(pass.place.set.id, pass.after, kPageCount, pass.deadline));
  DS_ASSIGN_OR_RETURN(
      page.points,
      pass.place.index->Scan(pass.after, kPageCount, pass.options.is_deep, pass.deadline));
  const bool is_store_cut = page.stored.size() == kPageCount;
  const bool is_index_cut = page.points.size() == kPageCount;
  for (const StoredId& each : page.stored) page.sides[each.id].stored = &each;
  for (const HeldPoint& each : page.points) page.sides[each.id].point = &each;
  if (is_store_cut) page.last = page.stored.back().id;
  if (is_index_cut && (!page.last.has_value() || page.points.back().id < *page.last)) {
    page.last = page.points.back().id;
  }
  return page;
}

// Compares one page. False at the end.
Result<bool> Reconciler::ComparePage(Pass& pass) {
  pass.different.clear();
  pass.pending.clear();
  pass.equal.clear();
  DS_ASSIGN_OR_RETURN(const Page page, ReadPage(pass));
  std::optional<Page> later;
  for (const auto& [id, side] : page.sides) {
    if (page.last.has_value() && *page.last < id) break;
    const auto& [record, point] = side;
    const Verdict verdict = record != nullptr     ? Compare(*record, point, pass.lost)
                            : point->is_tombstone ? Verdict::kEqual
                                                  : Verdict::kForeign;
    if (record != nullptr && record->record_stamp.has_value()) ++pass.report.checked_count;
    const bool is_difference = verdict != Verdict::kEqual && verdict != Verdict::kCompareContents;
    if (is_difference && pass.place.rules.is_written_with_record) {
      if (!later.has_value()) {
        DS_ASSIGN_OR_RETURN(later, ReadPage(pass));
      }
      if (!later->Repeats(id, side)) continue;
    }
    switch (verdict) {
      case Verdict::kEqual: continue;
      case Verdict::kCompareContents: pass.equal.push_back(id); continue;
      case Verdict::kUnderWay: break;
      case Verdict::kMissing: ++pass.report.missing_count; break;
      case Verdict::kStale: ++pass.report.stale_count; break;
      case Verdict::kForeign: ++pass.report.foreign_count; break;
    }
    const bool has_row = record != nullptr && record->pending_stamp.has_value();
    (has_row ? pass.pending : pass.different).push_back(id);
  }
  if (pass.options.is_deep) DS_RETURN_IF_ERROR(CompareContents(pass, page.points));
  if (page.last.has_value()) pass.after = *page.last;
  return page.last.has_value();
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
