// VectorPlace: a vector set with its index, what the index's placement asks of a write, and the one
// way to call it that spares a server that fails.
//
// Threads:   a value; calls through it are as thread-safe as the index.
// Ownership: refers to what VectorSets owns or was given.
#pragma once

#include "domain/vector_set.h"
#include "engine/circuit_breaker.h"
#include "ports/vector_index.h"

namespace datastorage {

// No sequence comes here. A higher stamp in an index is damage, and nothing goes on above it: that
// would leave no stamps for writes.
inline constexpr Stamp kStampBelievedMax = Stamp{1} << 62;

// What the placement of an index asks of a write. The one place that branches on it.
struct PlacementRules {
  PendingRule pending_rule = PendingRule::kWhereEmbeddingIsMissing;
  bool needs_intent = false;          // Of a strict creation.
  bool is_filled_from_store = false;  // At start, since it keeps nothing.
  bool has_breaker = false;           // It may fail, or hang, by itself.
  // The record store writes vectors itself, in the transactions of their records.
  bool is_written_with_record = false;
};
PlacementRules RulesOf(Placement placement);

// A set that is not retired, of our space, whose index is at hand.
struct VectorPlace {
  VectorSet set;
  VectorIndex* index = nullptr;
  CircuitBreaker* breaker = nullptr;  // Only where the rules say so.
  PlacementRules rules;
  bool is_marked = false;  // The index bears the set's mark; it is not used until that is known.
  // The set whose mark the index of a set that is being filled bears instead: it never will do.
  std::optional<VectorSetId> foreign_mark{};

  bool IsLive() const { return set.state == VectorSetState::kLive; }
  // Each write leaves a pending row until the index shows it.
  bool HasRowPerWrite() const { return set.pending_rule == PendingRule::kEverySet; }

  // Writes enter what the index does not show yet, in this process.
  bool HasUnappliedEntries() const { return !HasRowPerWrite() && !rules.is_written_with_record; }

  // What `call` returns of the index: a Result. `deadline` is the one that it waits for.
  // Errors: those of the call; kUnavailable when it was not made, since the index does not bear the
  // set's mark, or its breaker is open.
  template <class Call>
  auto Ask(Deadline deadline, const Call& call) const -> decltype(call(*index)) {
    if (!is_marked) return Unavailable("the vector index is not known to be the set's");
    if (breaker == nullptr) return call(*index);
    return breaker->Guard(deadline, [&] { return call(*index); });
  }
  // Whether Ask would make a call now.
  bool MayAsk() const { return is_marked && (breaker == nullptr || breaker->WouldAllow()); }
  // The index has failed as a whole: what may be asked of it is one call, to find out.
  bool IsSpared() const {
    return breaker != nullptr && breaker->state() != CircuitBreaker::State::kClosed;
  }
};

}  // namespace datastorage
