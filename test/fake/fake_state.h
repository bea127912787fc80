// What FakeRecordStore holds, and the operations of one commit on it.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "domain/query.h"
#include "domain/write.h"

namespace datastorage {

struct FakeVersion {
  Record record;  // With kNone.
  Uuid attempt;
};

struct FakeRecord {
  std::vector<FakeVersion> versions;  // Oldest first; the current one is the last.
  Sha256 content_hash{};
  std::optional<Sha256> text_hash;

  Record& current() { return versions.back().record; }
  const Record& current() const { return versions.back().record; }
};

struct FakeKeyHolder {
  RecordId id;
  std::optional<Stamp> intent_stamp;
};

struct FakeClaim {
  Sha256 request_hash{};
  int http_status = 0;  // 0: of an intent.
  RecordId id;
  std::int64_t version = 0;
  WallTime created_at;
};

struct FakeErasure {
  RecordKind kind = RecordKind::kRemediation;
  std::int64_t version = 0;
  Stamp stamp = 0;
  EraseOp operation;
};

enum class FakePendingState : std::uint8_t { kIntent, kDue, kParked };

struct FakePending {
  Stamp stamp = 0;
  FakePendingState state = FakePendingState::kDue;
  WallTime due_at;
  int attempt_count = 0;
  PendingReason reason = PendingReason::kNotYet;
  WallTime since;
};

struct FakeEmbedding {
  Stamp stamp = 0;
  Sha256 text_hash{};
  Embedding vector{};
};

using FakeKey = std::pair<RecordKind, std::string>;

struct FakeState {
  Stamp next_stamp = 1;
  VectorSetId next_set = 1;
  std::map<RecordId, FakeRecord> records;
  std::map<FakeKey, FakeKeyHolder> keys;
  std::map<FakeKey, RecordId> erased_keys;
  std::map<RecordId, FakeErasure> erasures;
  std::map<std::string, FakeClaim> claims;
  std::map<VectorSetId, VectorSet> sets;
  std::map<std::pair<RecordId, std::string>, FakeEmbedding> embeddings;
  std::map<std::pair<VectorSetId, RecordId>, FakePending> pending;

  const VectorSet* LiveSet() const;
  // Its pending rows go with it.
  void Retire(VectorSetId set);
  // The current version with the state of its vector.
  Record AsRead(const FakeRecord& record) const;
  std::optional<FakeEmbedding> CurrentEmbedding(RecordId id, std::string_view space) const;
  std::string Dump() const;
};

// The operations, one overload a type. `yield` is called between the steps of each.
class FakeCommit {
 public:
  FakeCommit(FakeState& state, WallTime now, std::function<void()> yield)
      : state_(state), now_(now), yield_(std::move(yield)) {}

  WriteOutcome Apply(const WriteOp& operation);
  void Finish();

 private:
  using Verdict = std::optional<WriteOutcome>;

  struct PendingChange {
    RecordId id{};
    Stamp stamp = 0;
    WallTime now{};
    PendingRule rule = PendingRule::kEverySet;
    PendingReason reason = PendingReason::kNotYet;
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
  std::optional<WallTime> last_claim_;
};

}  // namespace datastorage
