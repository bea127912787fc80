// What readers ask of the record store, and what they get.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "domain/filter.h"
#include "domain/records.h"
#include "domain/write.h"

namespace datastorage {

struct NaturalKey {
  RecordKind kind = RecordKind::kRemediation;
  std::string key;
};

// How a client names a record. A RecordId alone may be of any kind.
using RecordRef = std::variant<RecordId, NaturalKey>;

enum class ReadStatus : std::uint8_t { kFound, kNotFound, kErased };

struct ReadOutcome {
  ReadStatus status = ReadStatus::kNotFound;
  RecordId id;                               // Found and erased.
  Record record;                             // Found only.
  std::optional<SpacedEmbedding> embedding;  // If asked for, and stored for the current text.
};

struct SortOrder {
  Member member = Member::kCreatedAt;
  bool is_descending = true;
};

// Where a page ended: sort value (absent: the record lacks the member) and id.
struct KeysetPosition {
  std::optional<MemberValue> value;
  RecordId id;
};

// Order: the sort member in the given direction, absent last both ways; ties by id,
// in the same direction.
struct ListQuery {
  std::optional<RecordKind> kind;
  Filter filter;
  SortOrder sort;
  std::optional<KeysetPosition> after;
  int offset = 0;  // Only without `after`.
  int limit = 0;   // 1…limits::kListPageCountMax.
  bool wants_count = false;
};

struct ListPage {
  std::vector<Record> records;
  bool has_more = false;
  std::optional<std::int64_t> count;  // All that match, regardless of page.
};

struct SimilarHit {
  RecordId id;
  Stamp stamp = 0;       // Of what was compared.
  float similarity = 0;  // Cosine, -1…1.
};

struct TextHit {
  RecordId id;
  double bm25 = 0;  // Higher is better, > 0.
};

struct StoredEmbedding {
  RecordId id;
  Stamp stamp = 0;  // The record's.
  Embedding vector{};
  FilterMembers members;  // Without kVector.
};

// When rows are leased, and until when.
struct Lease {
  WallTime now;
  WallTime until;
};

struct PendingVector {
  VectorSetId set = 0;
  RecordId id;
  Stamp stamp = 0;
  bool is_intent = false;  // Of a strict creation whose lease has ended.
  int attempt_count = 0;
  PendingReason reason = PendingReason::kNotYet;
};

// A record, a pending row without one, or both.
struct StoredId {
  RecordId id;
  std::optional<Stamp> record_stamp;
  bool has_text = false;               // There is something to embed.
  bool has_embedding = false;          // Of the record's current text, in the set's space.
  std::optional<Stamp> pending_stamp;  // In the set; intents and parked rows too.
};

struct PendingId {
  RecordId id;
  Stamp stamp = 0;
  PendingReason reason = PendingReason::kNotYet;
};

struct PendingIdPage {
  std::vector<PendingId> ids;  // Intents included, parked included.
  bool is_complete = true;     // False over limits::kPendingIdCountMax.
  bool is_live = false;        // The set answers searches; false too when there is no such set.
};

struct PendingTally {
  VectorSetId set = 0;
  PendingReason reason = PendingReason::kNotYet;
  bool is_parked = false;
  std::int64_t count = 0;
  WallTime oldest;
};

}  // namespace datastorage
