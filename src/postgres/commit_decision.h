// WaveDecision: decides the operations of one wave, in order, from what was read. It notes what is
// to be written, and writes nothing.
//
// Threads: none.
#pragma once

#include <optional>
#include <set>
#include <string>

#include "postgres/commit_wave.h"

namespace datastorage::postgres {

class WaveDecision {
 public:
  WaveDecision(WaveState& state, WaveChanges& changes, WallTime now)
      : state_(state), changes_(changes), now_(now) {}

  WriteOutcome Do(const BeginIntentOp& operation);
  WriteOutcome Do(const CreateOp& operation);
  WriteOutcome Do(const UpdateOp& operation);
  WriteOutcome Do(const EraseOp& operation);
  WriteOutcome Do(const AbortIntentOp& operation);
  WriteOutcome Do(const StoreEmbeddingOp& operation);
  WriteOutcome Do(const EnqueuePendingOp& operation);

 private:
  // What stands in the way of an operation, or nothing.
  using Verdict = std::optional<WriteOutcome>;
  using PendingPlace = std::pair<RecordId, VectorSetId>;

  struct NewRecord {
    RecordId id;
    HeldName name;
    Sha256 content_hash{};
    const std::optional<IdempotencyClaim>& claim;
    WallTime now;
  };

  // What decides, with each set's rule, which pending rows a write of a record leaves.
  struct PendingChange {
    RecordId id{};
    Stamp stamp = 0;
    WallTime now{};
    PendingReason reason = PendingReason::kNotYet;
    bool is_erasure = false;  // Counts as kEverySet, whatever the set's rule.
    bool has_text = false;    // There is something to embed now, or
    bool had_text = false;    // there was before.
    bool is_creation = false;
    bool has_new_text = false;                      // Also: has none any more.
    std::set<std::string> spaces{};                 // That hold an embedding of the current text.
    std::span<const SpacedEmbedding> embeddings{};  // That this write brings.
  };

  Stamp DrawStamp();
  Verdict CheckClaim(const std::optional<IdempotencyClaim>& claim) const;
  Verdict CheckName(const HeldName& name, const Sha256& content_hash) const;
  Verdict CheckId(RecordId id) const;
  Verdict CheckNew(const NewRecord& wanted);
  WriteOutcome NotThere(RecordId id) const;
  void FreeClaim(const std::optional<IdempotencyClaim>& claim);
  void KeepClaim(const std::optional<IdempotencyClaim>& claim, WallTime now);
  bool OwnsItsIntentRows(RecordId id, Stamp stamp) const;
  WriteOutcome FinishIntent(const CreateOp& operation);
  WriteOutcome StoreRecord(const CreateOp& operation, Stamp stamp);

  // commit_decide_vectors.cc
  std::set<std::string> ReplaceEmbeddings(const UpdateOp& operation, const WaveState::Head& before);
  bool LeavePending(const PendingChange& change);
  bool LeavePendingIn(const ActiveSet& set, const PendingChange& change);
  bool WritePoint(const ActiveSet& set, const PendingChange& change);
  bool KeepPoint(const ActiveSet& set, const PendingChange& change);
  void StorePoint(const ActiveSet& set, const StoreEmbeddingOp& operation, Stamp stamp);
  void PutDue(const ActiveSet& set, const PendingChange& change);
  void Put(const PendingPlace& place, WaveState::Pending row);
  void Drop(const PendingPlace& place);

  WaveState& state_;
  WaveChanges& changes_;
  WallTime now_;
  std::size_t next_stamp_ = 0;
};

}  // namespace datastorage::postgres
