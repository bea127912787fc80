// Everything but Nearest, which is in pgvector_nearest.cc.
#include "postgres/pgvector_index.h"

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

#include "base/limits.h"
#include "postgres/half_vector.h"

namespace datastorage::postgres {
namespace {

constexpr std::int64_t kExactSizeMax = 100'000;
constexpr std::size_t kBodyPartCount = 16;
constexpr Duration kSizeTimeout = std::chrono::seconds(1);

bool DecidesEverything(const Filter&) {
  return true;
}

bool DecidesNothing(const Filter&) {
  return false;
}

ApplyResult ResultOf(const VectorWrite& write, Stamp held) {
  if (held > write.stamp) return {ApplyStatus::kSuperseded, held};
  if (held == write.stamp) return {ApplyStatus::kApplied, held};
  return {ApplyStatus::kRefused, held};
}

// For the caller a lost answer is a failure: it sends the same again.
Error Failed(const Error& error) {
  if (error.code != ErrorCode::kOutcomeUnknown) return error;
  return Unavailable("the answer of the vector tables was lost");
}

}  // namespace

// Writes of one call, each id once: a call that names an id twice is carried out in order.
struct PgvectorIndex::Round {
  explicit Round(const PointWrites::Target& target) : points(target) {}

  std::vector<std::size_t> owners;  // Indexes of the writes.
  std::unordered_set<RecordId> sent;
  PointWrites points;
};

VectorIndexCapabilities PgvectorIndex::Capabilities() const {
  VectorIndexCapabilities capabilities;
  capabilities.placement = options_.joins_records ? Placement::kSameDatabase : Placement::kSeparate;
  capabilities.can_decide = options_.joins_records ? &DecidesEverything : &DecidesNothing;
  return capabilities;
}

// Rows of read_vector_mark. Errors: kUnavailable when the tables were taken over by another set.
Result<VectorMark> PgvectorIndex::Note(const Rows& rows) {
  VectorMark mark = MarkOf(rows);
  const VectorSetId claimed = claimed_.load();
  if (claimed != 0 && mark.set != claimed) {
    return Unavailable("the vector tables are those of set " + std::to_string(mark.set) +
                       " by now");
  }
  if (mark.vector_type == 0) return Unavailable("the database has lost pgvector");
  const std::lock_guard lock(mutex_);
  tables_ = mark;
  return mark;
}

Result<VectorMark> PgvectorIndex::KnownTables(Deadline deadline) {
  if (deadline.HasPassed()) return DeadlineExceeded("vector tables: no time left");
  {
    const std::lock_guard lock(mutex_);
    if (tables_.vector_type != 0) return tables_;
  }
  DS_ASSIGN_OR_RETURN(const Rows mark,
                      sessions_.ReadOne("read the mark of the vector tables",
                                        Unprepared(VectorQuery::kReadVectorMark),
                                        deadline));
  return Note(mark);
}

Result<std::vector<ApplyResult>> PgvectorIndex::Apply(std::span<const VectorWrite> writes,
                                                      Deadline deadline) {
  DS_ASSIGN_OR_RETURN(const VectorMark tables, KnownTables(deadline));
  if (writes.empty()) return std::vector<ApplyResult>();
  Result<std::vector<ApplyResult>> results = ApplyInParts(tables, writes, deadline);
  if (results.has_value() || results.error().code != ErrorCode::kInternal) return results;
  // A database that was made anew has other numbers for types.
  {
    const std::lock_guard lock(mutex_);
    tables_.vector_type = 0;
  }
  DS_ASSIGN_OR_RETURN(const VectorMark now, KnownTables(deadline));
  return now.vector_type == tables.vector_type ? std::move(results)
                                               : ApplyInParts(now, writes, deadline);
}

// Row by row into an index takes long, and whoever makes room in the head waits for the end of each
// transaction.
Result<std::vector<ApplyResult>> PgvectorIndex::ApplyInParts(const VectorMark& tables,
                                                             std::span<const VectorWrite> writes,
                                                             Deadline deadline) {
  const std::size_t part_count = WritesBody(tables) ? kBodyPartCount : writes.size();
  std::vector<ApplyResult> results;
  results.reserve(writes.size());
  for (std::size_t from = 0; from < writes.size(); from += part_count) {
    const std::size_t count = std::min(part_count, writes.size() - from);
    DS_ASSIGN_OR_RETURN(const std::vector<ApplyResult> part,
                        ApplyTo(tables, writes.subspan(from, count), deadline));
    results.insert(results.end(), part.begin(), part.end());
  }
  return results;
}

bool PgvectorIndex::WritesBody(const VectorMark& tables) const {
  return tables.is_head_full || options_.write_mode == VectorWriteMode::kInline;
}

Result<std::vector<ApplyResult>> PgvectorIndex::ApplyTo(const VectorMark& tables,
                                                        std::span<const VectorWrite> writes,
                                                        Deadline deadline) {
  PointWrites::Target target;
  target.set = claimed_.load();
  target.vector_type = tables.vector_type;
  target.writes_body = WritesBody(tables);
  std::vector<Round> rounds;
  std::unordered_map<RecordId, std::size_t> round_of;
  std::unordered_map<RecordId, Stamp> highest;
  for (std::size_t i = 0; i < writes.size(); ++i) {
    const VectorWrite& write = writes[i];
    const std::size_t number = round_of[write.id]++;
    if (number == rounds.size()) rounds.emplace_back(target);
    Round& round = rounds[number];
    round.owners.push_back(i);
    Stamp& sent = highest[write.id];
    if (write.stamp <= sent || !IsTakeable(write)) continue;
    sent = write.stamp;
    round.sent.insert(write.id);
    const Embedding* const vector = write.embedding.has_value() ? &*write.embedding : nullptr;
    round.points.Add(write.id, write.stamp, vector, false);
  }

  std::vector<Call> calls{Unprepared(VectorQuery::kReadVectorMark)};
  std::vector<std::size_t> taken_at, held_at;
  for (Round& round : rounds) {
    taken_at.push_back(calls.size());
    for (Call& call : round.points.Take()) calls.push_back(std::move(call));
    held_at.push_back(calls.size());
    ArrayValue ids(ElementType::kUuid);
    for (const std::size_t owner : round.owners) ids.Add(writes[owner].id);
    calls.push_back(Unprepared(VectorQuery::kHeldPoints));
    calls.back().parameters.Add(ids);
  }
  Result<std::vector<Rows>> rows =
      sessions_.Write("apply vectors", calls, Sessions::Durability::kServerCrash, deadline);
  if (!rows.has_value()) return Failed(rows.error());
  DS_RETURN_IF_ERROR(Note(rows->front()));

  std::vector<ApplyResult> results(writes.size());
  for (std::size_t number = 0; number < rounds.size(); ++number) {
    const Round& round = rounds[number];
    std::unordered_set<RecordId> taken;
    std::unordered_map<RecordId, Stamp> held;
    if (!round.sent.empty()) {
      const Rows& ids = (*rows)[taken_at[number]];
      for (int row = 0; row < ids.count(); ++row) taken.insert(ids.Id(row, 0));
    }
    const Rows& stamps = (*rows)[held_at[number]];
    for (int row = 0; row < stamps.count(); ++row) held[stamps.Id(row, 0)] = stamps.Integer(row, 1);
    for (const std::size_t owner : round.owners) {
      const VectorWrite& write = writes[owner];
      const bool is_taken = taken.contains(write.id) && round.sent.contains(write.id);
      results[owner] = ResultOf(write, is_taken ? write.stamp : held[write.id]);
    }
  }
  return results;
}

Result<void> PgvectorIndex::AwaitVisible(Deadline deadline) {
  if (deadline.HasPassed()) return DeadlineExceeded("vector tables: no time left");
  return {};
}

Result<std::vector<HeldPoint>> PgvectorIndex::Scan(RecordId after,
                                                   int limit,
                                                   bool with_content,
                                                   Deadline deadline) {
  if (deadline.HasPassed()) return DeadlineExceeded("scan vectors: no time left");
  std::vector<Call> calls{Unprepared(VectorQuery::kReadVectorMark),
                          Unprepared(VectorQuery::kScanPoints)};
  calls.back().parameters.Add(after).Add(limit).Add(with_content);
  DS_ASSIGN_OR_RETURN(const std::vector<Rows> all, sessions_.Read("scan vectors", calls, deadline));
  DS_RETURN_IF_ERROR(Note(all.front()));
  const Rows& rows = all.back();
  std::vector<HeldPoint> points(static_cast<std::size_t>(rows.count()));
  for (int row = 0; row < rows.count(); ++row) {
    HeldPoint& point = points[static_cast<std::size_t>(row)];
    point.id = rows.Id(row, 0);
    point.stamp = rows.Integer(row, 1);
    point.is_tombstone = !rows.Bool(row, 2);
    if (!rows.IsNull(row, 3)) {
      point.embedding = EmbeddingOfHalves(rows.Bytes(row, 3));
      point.embedding_error = kHalfError;
    }
  }
  return points;
}

Result<Stamp> PgvectorIndex::HighestStamp(Deadline deadline) {
  if (deadline.HasPassed()) return DeadlineExceeded("highest stamp: no time left");
  DS_ASSIGN_OR_RETURN(const Rows rows,
                      sessions_.ReadOne("read the highest stamp of the vector tables",
                                        Unprepared(VectorQuery::kHighestPointStamp),
                                        deadline));
  return Stamp{rows.Integer(0, 0)};
}

Result<std::int64_t> PgvectorIndex::PurgeTombstones(Stamp floor, Deadline deadline) {
  if (deadline.HasPassed()) return DeadlineExceeded("purge tombstones: no time left");
  std::vector<Call> calls{Unprepared(VectorQuery::kPurgeTombstones)};
  calls.back().parameters.Add(std::int64_t{floor});
  const Result<std::vector<Rows>> rows =
      sessions_.Write("purge tombstones", calls, Sessions::Durability::kNothing, deadline);
  if (!rows.has_value()) return Failed(rows.error());
  return rows->front().changed_count();
}

Result<VectorSetId> PgvectorIndex::Claim(VectorSetId set, Deadline deadline) {
  if (deadline.HasPassed()) return DeadlineExceeded("claim the vector tables: no time left");
  std::vector<Call> calls{Unprepared(VectorQuery::kClaimVectors)};
  calls.back().parameters.Add(std::int64_t{set});
  const Result<std::vector<Rows>> rows = sessions_.Write(
      "claim the vector tables", calls, Sessions::Durability::kServerCrash, deadline);
  if (!rows.has_value()) return Failed(rows.error());
  const VectorSetId held = rows->front().Integer(0, 0);
  if (held == set) claimed_ = set;
  return held;
}

std::int64_t PgvectorIndex::Size() const {
  std::vector<Call> calls{Unprepared(VectorQuery::kCountLivePoints)};
  calls.back().parameters.Add(kExactSizeMax + 1);
  const Result<Rows> rows =
      sessions_.ReadOne("count vectors", calls.front(), Deadline::In(kSizeTimeout));
  if (!rows.has_value()) return size_.load();
  const std::int64_t counted = rows->Integer(0, 0);
  size_ = counted <= kExactSizeMax ? counted : std::max(counted, rows->Integer(0, 1));
  return size_.load();
}

}  // namespace datastorage::postgres
