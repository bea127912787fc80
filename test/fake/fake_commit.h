// The operations of one commit on what FakeRecordStore holds.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "fake/fake_state.h"

namespace datastorage {

// Each takes one guard of the protocol away, for the simulator, which must catch it.
struct FakeMutants {
  bool settles_any_stamp = false;
  bool commits_without_intent = false;
  bool draws_stamps_early = false;  // Before the turn to write.
  bool leaves_one_row = false;      // However many sets there are.
  bool stores_any_embedding = false;
  bool keeps_stamp_of_embedded = false;
  bool acknowledges_unsynced = false;
};

// The operations, one overload a type. `yield` is called between the steps of each.
class FakeCommit {
 public:
  // `early_stamp`: where stamps go on, if they were drawn before the turn.
  FakeCommit(FakeState& state,
             WallTime now,
             std::function<void()> yield,
             const FakeMutants& mutants = {},
             Stamp early_stamp = 0)
      : state_(state),
        now_(now),
        yield_(std::move(yield)),
        mutants_(mutants),
        early_stamp_(early_stamp) {}

  WriteOutcome Apply(const WriteOp& operation);
  void Finish();

 private:
  using Verdict = std::optional<WriteOutcome>;

  struct PendingChange {
    RecordId id{};
    Stamp stamp = 0;
    WallTime now{};
    PendingReason reason = PendingReason::kNotYet;
    bool is_erasure = false;
    bool has_text = false;
    bool had_text = false;
  };

  WriteOutcome Do(const BeginIntentOp& operation);
  WriteOutcome Do(const CreateOp& operation);
  WriteOutcome Do(const UpdateOp& operation);
  WriteOutcome Do(const EraseOp& operation);
  WriteOutcome Do(const AbortIntentOp& operation);
  WriteOutcome Do(const StoreEmbeddingOp& operation);
  WriteOutcome Do(const EnqueuePendingOp& operation);

  Verdict CheckClaim(const std::optional<IdempotencyClaim>& claim, WallTime now) const;
  Verdict CheckKey(const FakeKey& key, const Sha256& content_hash) const;
  Verdict CheckId(RecordId id) const;
  // Where the intent of the record stands among the keys, or the end.
  std::map<FakeKey, FakeKeyHolder>::iterator FindIntent(RecordId id, Stamp stamp);
  // In every set that is not retired.
  bool HasIntentRows(RecordId id, Stamp stamp) const;
  void Claim(const std::optional<IdempotencyClaim>& claim,
             int http_status,
             const WriteOutcome& outcome,
             WallTime now);
  WriteOutcome Insert(const CreateOp& operation, Stamp stamp);
  WriteOutcome Missing(RecordId id) const;
  bool LeavePending(const PendingChange& change);
  Stamp DrawStamp();
  std::vector<VectorSet> ActiveSets() const;

  FakeState& state_;
  WallTime now_;
  std::function<void()> yield_;
  const FakeMutants mutants_;
  Stamp early_stamp_;
  std::optional<WallTime> last_claim_;
};

}  // namespace datastorage
