#include "engine/tombstone_purge.h"

#include "base/limits.h"
#include "base/log.h"

namespace datastorage {

void TombstonePurge::RunIfDue(std::span<const VectorPlace> places, Deadline deadline) {
  if (note_.has_value() && runtime_.Now() - note_->at < limits::kTombstoneAge) return;
  const Result<Stamp> issued = store_.RaiseStamps(0, deadline);
  if (!issued.has_value()) {
    Log(LogLevel::kWarning, "tombstones are purged later", {{"code", NameOf(issued.error().code)}});
    return;
  }
  // A store that was put back to an older state issues stamps again: their tombstones may be young.
  if (note_.has_value() && *issued >= note_->highest_issued) {
    for (const VectorPlace& place : places) Purge(place, note_->highest_issued + 1, deadline);
  }
  note_ = Note{runtime_.Now(), *issued};  // Not of before the question: the age begins later.
}

void TombstonePurge::Purge(const VectorPlace& place, Stamp floor, Deadline deadline) {
  const Result<std::int64_t> count = place.Ask(
      deadline, [&](VectorIndex& index) { return index.PurgeTombstones(floor, deadline); });
  if (!count.has_value()) {
    Log(LogLevel::kWarning,
        "tombstones are purged later",
        {{"set", place.set.id}, {"code", NameOf(count.error().code)}});
  } else if (*count > 0) {
    Log(LogLevel::kInfo, "tombstones purged", {{"set", place.set.id}, {"count", *count}});
  }
}

}  // namespace datastorage
