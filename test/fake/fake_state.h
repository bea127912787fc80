// What FakeRecordStore holds.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "domain/attempt.h"
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
  std::vector<Uuid> attempts{};  // That wrote its versions, the first one first.
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
  std::map<std::string, std::string, std::less<>> notes;

  const VectorSet* LiveSet() const;
  // Its pending rows go with it.
  void Retire(VectorSetId set);
  // The current version with the state of its vector.
  Record AsRead(const FakeRecord& record) const;
  std::optional<FakeEmbedding> CurrentEmbedding(RecordId id, std::string_view space) const;
  AttemptOutcome Settle(const AttemptRef& ref) const;
  // What a new set starts with.
  void Fill(VectorSetId set, WallTime now);
  std::string Dump() const;
};

}  // namespace datastorage
