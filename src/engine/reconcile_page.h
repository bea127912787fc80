// ReconcilePage: what record store and vector index say of one range of ids, side by side.
//
// Both are read one after the other, so a write that comes between makes them differ: a difference
// is one if it is there in a later page, too.
//
// Threads: none of its own, no state but its members.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "engine/vector_sets.h"
#include "ports/record_store.h"

namespace datastorage {

// The stamps after `after`, up to `until`, that an index held while the record store had yet to
// issue them: drawn before the store was put back to an older state, for content that is lost. The
// store may have issued some of them again before that was noticed, for other content.
struct LostStamps {
  Stamp after = 0;
  Stamp until = 0;

  bool IsEmpty() const { return after >= until; }
  bool MayHave(Stamp stamp) const { return !IsEmpty() && stamp <= until; }
};

enum class Verdict : std::uint8_t {
  kEqual,
  kCompareContents,
  kUnderWay,  // A pending row says already that they differ.
  kMissing,
  kStale,
  kForeign,
};

struct ReconcilePage {
  // Of one id; nullptr: that side does not know it.
  struct Side {
    const StoredId* stored = nullptr;
    const HeldPoint* point = nullptr;

    Verdict Compare(const LostStamps& lost) const;
    bool HasRow() const { return stored != nullptr && stored->pending_stamp.has_value(); }
    bool HasRecord() const { return stored != nullptr && stored->record_stamp.has_value(); }
  };
  // Equal for two readings between which no write came.
  struct Stamps {
    std::optional<Stamp> record;
    std::optional<Stamp> pending;
    Stamp held = 0;
    bool is_tombstone = false;

    friend bool operator==(const Stamps&, const Stamps&) = default;
  };
  static Stamps StampsOf(const Side& side);

  // The ids after `after`, as far as one page of each side reaches; `is_deep`: with contents.
  static Result<ReconcilePage> Read(RecordStore& store,
                                    const VectorPlace& place,
                                    RecordId after,
                                    bool is_deep,
                                    Deadline deadline);

  ReconcilePage() = default;
  ReconcilePage(ReconcilePage&&) = default;  // A copy's sides would be the original's.
  ReconcilePage& operator=(ReconcilePage&&) = default;

  bool Reaches(RecordId id) const { return !last.has_value() || !(*last < id); }
  Side Of(RecordId id) const;

  std::vector<StoredId> stored;
  std::vector<HeldPoint> points;
  std::map<RecordId, Side> sides;  // Of `stored` and `points`, which stay as they are.
  std::optional<RecordId> last;    // Further ids are another page's.
};

// Whether a point has the content of a record's own version of its stamp.
bool HoldsContent(const HeldPoint& point, const ReadOutcome& record);

}  // namespace datastorage
