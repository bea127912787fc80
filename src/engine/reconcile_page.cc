#include "engine/reconcile_page.h"

#include <algorithm>
#include <cmath>

#include "base/limits.h"
#include "schema/members.h"

namespace datastorage {
namespace {

constexpr int kPageCount = static_cast<int>(limits::kScanPageCountMax);

// Of the values that the index keeps; the state of the vector is not content.
bool HoldsMembers(const FilterMembers& held, const FilterMembers& wanted) {
  return std::all_of(held.values.begin(), held.values.end(), [&](const auto& each) {
    const MemberValue* value = wanted.Find(each.first);
    return each.first == Member::kVector || (value != nullptr && *value == each.second);
  });
}

}  // namespace

// A pending row stands for its difference already, but for an index that is ahead of it, as after
// the record store was put back to an older state.
Verdict ReconcilePage::Side::Compare(const LostStamps& lost) const {
  const bool has_point = point != nullptr && !point->is_tombstone;
  const Stamp held = point != nullptr ? point->stamp : 0;
  if (stored == nullptr) return has_point ? Verdict::kForeign : Verdict::kEqual;
  if (stored->pending_stamp.has_value()) {
    // What waits was never sent, if the index holds its stamp from the time that was lost.
    const bool is_same = held == *stored->pending_stamp;
    if (held > *stored->pending_stamp || (is_same && lost.MayHave(held))) return Verdict::kStale;
    return is_same ? Verdict::kEqual : Verdict::kUnderWay;
  }
  if (!stored->has_text) return has_point ? Verdict::kForeign : Verdict::kEqual;
  if (!has_point || !stored->has_embedding) return Verdict::kMissing;
  return held == *stored->record_stamp ? Verdict::kCompareContents : Verdict::kStale;
}

ReconcilePage::Stamps ReconcilePage::StampsOf(const Side& side) {
  Stamps stamps;
  if (side.stored != nullptr) {
    stamps.record = side.stored->record_stamp;
    stamps.pending = side.stored->pending_stamp;
  }
  if (side.point != nullptr) {
    stamps.held = side.point->stamp;
    stamps.is_tombstone = side.point->is_tombstone;
  }
  return stamps;
}

Result<ReconcilePage> ReconcilePage::Read(
    RecordStore& store, const VectorPlace& place, RecordId after, bool is_deep, Deadline deadline) {
  ReconcilePage page;
  // The store first: what is written after this has its own pending row.
  DS_ASSIGN_OR_RETURN(page.stored, store.ScanIds(place.set.id, after, kPageCount, deadline));
  DS_ASSIGN_OR_RETURN(page.points, place.index->Scan(after, kPageCount, is_deep, deadline));
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

ReconcilePage::Side ReconcilePage::Of(RecordId id) const {
  const auto found = sides.find(id);
  return found != sides.end() ? found->second : Side();
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

}  // namespace datastorage
