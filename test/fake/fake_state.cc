#include "fake/fake_state.h"

#include <algorithm>
#include <array>

#include "fake/store_dump.h"
#include "schema/record_json.h"

namespace datastorage {
namespace {

constexpr std::array<std::string_view, 3> kPendingStates{"intent", "due", "parked"};

void DumpRecords(const FakeState& state, StoreDump& dump) {
  for (const auto& [id, record] : state.records) {
    const Record& current = record.current();
    dump.Add(DumpLine("record")
                 .Id(id)
                 .Text(NameOf(KindOf(current.body)))
                 .Integer(current.version)
                 .Integer(current.stamp)
                 .Id(record.versions.back().attempt)
                 .Hash(record.content_hash)
                 .Hash(record.text_hash)
                 .Time(current.created_at)
                 .Time(current.updated_at)
                 .Text(schema::BodyToStoredText(current.body)));
    for (std::size_t i = 0; i + 1 < record.versions.size(); ++i) {
      const FakeVersion& older = record.versions[i];
      dump.Add(DumpLine("record_version")
                   .Id(id)
                   .Integer(older.record.version)
                   .Integer(older.record.stamp)
                   .Id(older.attempt)
                   .Time(older.record.updated_at)
                   .Text(schema::BodyToStoredText(older.record.body)));
    }
  }
}

void DumpKeys(const FakeState& state, StoreDump& dump) {
  for (const auto& [key, holder] : state.keys) {
    DumpLine line("natural_key");
    line.Text(NameOf(key.first)).Text(key.second).Id(holder.id);
    dump.Add(holder.intent_stamp ? line.Integer(*holder.intent_stamp) : line.Null());
  }
  for (const auto& [key, id] : state.erased_keys) dump.Add(DumpLine("erased_key").Id(id));
  for (const auto& [id, erasure] : state.erasures) {
    dump.Add(DumpLine("erasure")
                 .Id(id)
                 .Text(NameOf(erasure.kind))
                 .Integer(erasure.version)
                 .Integer(erasure.stamp)
                 .Id(erasure.operation.attempt)
                 .Time(erasure.operation.now)
                 .Text(erasure.operation.actor)
                 .Text(erasure.operation.why));
    for (std::size_t i = 0; i < erasure.attempts.size(); ++i) {
      dump.Add(DumpLine("erased_attempt")
                   .Id(id)
                   .Integer(static_cast<std::int64_t>(i) + 1)
                   .Id(erasure.attempts[i]));
    }
  }
  for (const auto& [key, claim] : state.claims) {
    dump.Add(DumpLine("idempotency_key")
                 .Text(key)
                 .Hash(claim.request_hash)
                 .Integer(claim.http_status)
                 .Id(claim.id)
                 .Integer(claim.version)
                 .Time(claim.created_at));
  }
}

void DumpVectors(const FakeState& state, StoreDump& dump) {
  for (const auto& [id, set] : state.sets) {
    dump.Add(DumpLine("vector_set")
                 .Integer(id)
                 .Text(set.engine)
                 .Text(set.space)
                 .Text(set.projection)
                 .Text(NameOf(set.pending_rule))
                 .Text(NameOf(set.state)));
  }
  for (const auto& [place, embedding] : state.embeddings) {
    dump.Add(DumpLine("embedding")
                 .Id(place.first)
                 .Text(place.second)
                 .Integer(embedding.stamp)
                 .Hash(embedding.text_hash)
                 .Bytes({reinterpret_cast<const std::uint8_t*>(embedding.vector.data()),
                         sizeof embedding.vector}));
  }
  for (const auto& [place, row] : state.pending) {
    dump.Add(DumpLine("pending_vector")
                 .Integer(place.first)
                 .Id(place.second)
                 .Integer(row.stamp)
                 .Text(kPendingStates[static_cast<std::size_t>(row.state)])
                 .Time(row.due_at)
                 .Integer(row.attempt_count)
                 .Text(NameOf(row.reason))
                 .Time(row.since));
  }
}

}  // namespace

const VectorSet* FakeState::LiveSet() const {
  for (const auto& [id, set] : sets) {
    if (set.state == VectorSetState::kLive) return &set;
  }
  return nullptr;
}

void FakeState::Retire(VectorSetId set) {
  sets.at(set).state = VectorSetState::kRetired;
  std::erase_if(pending, [set](const auto& entry) { return entry.first.first == set; });
}

std::optional<FakeEmbedding> FakeState::CurrentEmbedding(RecordId id,
                                                         std::string_view space) const {
  const auto found = embeddings.find({id, std::string(space)});
  const auto record = records.find(id);
  if (found == embeddings.end() || record == records.end()) return std::nullopt;
  if (found->second.text_hash != record->second.text_hash) return std::nullopt;
  return found->second;
}

Record FakeState::AsRead(const FakeRecord& record) const {
  Record read = record.current();
  const VectorSet* live = LiveSet();
  if (live == nullptr) return read;
  const auto row = pending.find({live->id, read.id});
  if (row != pending.end()) {
    read.vector = VectorState::kPending;
    read.vector_reason = row->second.reason;
  } else if (CurrentEmbedding(read.id, live->space).has_value()) {
    read.vector = VectorState::kSynced;
  }
  return read;
}

AttemptOutcome FakeState::Settle(const AttemptRef& ref) const {
  if (const auto record = records.find(ref.id); record != records.end()) {
    for (const FakeVersion& version : record->second.versions) {
      if (version.attempt != ref.attempt) continue;
      return {true, version.record.version, record->second.current().stamp};
    }
  }
  if (const auto found = erasures.find(ref.id); found != erasures.end()) {
    const FakeErasure& erasure = found->second;
    if (erasure.operation.attempt == ref.attempt) return {true, erasure.version, erasure.stamp};
    const auto wrote = std::find(erasure.attempts.begin(), erasure.attempts.end(), ref.attempt);
    if (wrote != erasure.attempts.end()) {
      return {true, wrote - erasure.attempts.begin() + 1, erasure.stamp};
    }
  }
  return {};
}

void FakeState::Fill(VectorSetId set, WallTime now) {
  for (const auto& [id, record] : records) {
    if (!record.text_hash.has_value()) continue;
    pending[{set, id}] = {.stamp = record.current().stamp,
                          .due_at = now,
                          .reason = PendingReason::kBackfill,
                          .since = now};
  }
  for (const auto& [key, holder] : keys) {
    if (!holder.intent_stamp.has_value()) continue;
    std::optional<WallTime> lease_end;
    for (const auto& [place, row] : pending) {
      if (place.second != holder.id || row.state != FakePendingState::kIntent) continue;
      lease_end = std::max(lease_end.value_or(row.due_at), row.due_at);
    }
    pending[{set, holder.id}] = {.stamp = *holder.intent_stamp,
                                 .state = FakePendingState::kIntent,
                                 .due_at = lease_end.value_or(now),
                                 .since = now};
  }
}

std::string FakeState::Dump() const {
  StoreDump dump;
  dump.Add(DumpLine("stamp").Integer(next_stamp));
  DumpRecords(*this, dump);
  DumpKeys(*this, dump);
  DumpVectors(*this, dump);
  return dump.ToText();
}

}  // namespace datastorage
