#include "postgres/record_reader.h"

#include <limits>

#include "base/check.h"
#include "base/limits.h"
#include "postgres/natural_key_hash.h"
#include "postgres/queries.h"
#include "postgres/record_rows.h"
#include "schema/members.h"

namespace datastorage::postgres {
namespace {

// Commits that come while stamps are raised wait too, so this gives way before they would give up.
constexpr std::chrono::milliseconds kLockWait{1'000};

// What read_records returns after the columns of the record.
constexpr int kPlace = kRecordColumnCount;
constexpr int kNamedId = kPlace + 1;
constexpr int kIsErased = kPlace + 2;
constexpr int kTextHash = kPlace + 3;
constexpr int kVector = kPlace + 4;

Call ReadCall(std::span<const RecordRef> refs, std::string_view space) {
  ArrayValue ids(ElementType::kUuid), kinds(ElementType::kText), keys(ElementType::kText),
      key_hashes(ElementType::kBytea);
  for (const RecordRef& ref : refs) {
    if (const auto* const id = std::get_if<RecordId>(&ref)) {
      ids.Add(*id);
      kinds.AddNull();
      keys.AddNull();
      key_hashes.AddNull();
      continue;
    }
    const auto& key = std::get<NaturalKey>(ref);
    const std::string_view kind = NameOf(key.kind);
    ids.AddNull();
    kinds.Add(kind);
    keys.Add(std::string_view(key.key));
    key_hashes.Add(std::optional<Sha256>(NaturalKeyHash(kind, key.key)));
  }
  Call call{.name = NameOf(Query::kReadRecords)};
  call.parameters.Add(ids).Add(kinds).Add(keys).Add(key_hashes);
  if (space.empty()) {
    call.parameters.AddNull();
  } else {
    call.parameters.Add(space);
  }
  return call;
}

Result<ReadOutcome> ReadOutcomeOf(const Rows& rows, int row, std::string_view space) {
  ReadOutcome outcome;
  const bool is_found = !rows.IsNull(row, 0);
  if (!is_found && !rows.Bool(row, kIsErased)) return outcome;
  outcome.status = is_found ? ReadStatus::kFound : ReadStatus::kErased;
  outcome.id = rows.Id(row, kNamedId);
  if (!is_found) return outcome;
  DS_ASSIGN_OR_RETURN(outcome.record, ReadRecord(rows, row));
  if (rows.IsNull(row, kVector)) return outcome;
  SpacedEmbedding embedding{.space = std::string(space),
                            .text_hash = rows.Hash(row, kTextHash).value_or(Sha256{})};
  DS_ASSIGN_OR_RETURN(embedding.vector, ReadEmbedding(rows, row, kVector));
  outcome.embedding = std::move(embedding);
  return outcome;
}

std::optional<Stamp> StampOrNothing(const Rows& rows, int row, int column) {
  if (rows.IsNull(row, column)) return std::nullopt;
  return rows.Integer(row, column);
}

void CheckPageCount(int limit) {
  DS_CHECK(limit > 0 && static_cast<std::size_t>(limit) <= limits::kScanPageCountMax);
}

}  // namespace

Result<std::vector<ReadOutcome>> RecordReader::Read(std::span<const RecordRef> refs,
                                                    std::string_view space,
                                                    Deadline deadline) {
  std::vector<ReadOutcome> outcomes(refs.size());
  if (refs.empty()) return outcomes;
  DS_ASSIGN_OR_RETURN(const Rows rows,
                      sessions_.ReadOne("read records", ReadCall(refs, space), deadline));
  for (int row = 0; row < rows.count(); ++row) {
    DS_ASSIGN_OR_RETURN(outcomes[static_cast<std::size_t>(rows.Integer(row, kPlace) - 1)],
                        ReadOutcomeOf(rows, row, space));
  }
  return outcomes;
}

Result<std::vector<Record>> RecordReader::History(RecordId id, Deadline deadline) {
  Call call{.name = NameOf(Query::kRecordHistory)};
  call.parameters.Add(id);
  DS_ASSIGN_OR_RETURN(const Rows rows, sessions_.ReadOne("read a history", call, deadline));
  if (rows.count() == 0) return NotFound("no such record");
  std::vector<Record> versions;
  for (int row = 0; row < rows.count(); ++row) {
    constexpr int kBody = 6;
    if (rows.IsNull(row, kBody)) continue;  // The record was erased.
    DS_ASSIGN_OR_RETURN(Record version, ReadRecord(rows, row));
    versions.push_back(std::move(version));
  }
  return versions;
}

Result<std::vector<StoredEmbedding>> RecordReader::ScanEmbeddings(std::string_view space,
                                                                  RecordId after,
                                                                  int limit,
                                                                  Deadline deadline) {
  CheckPageCount(limit);
  Call call{.name = NameOf(Query::kScanEmbeddings)};
  call.parameters.Add(space).Add(after).Add(limit);
  DS_ASSIGN_OR_RETURN(const Rows rows, sessions_.ReadOne("scan embeddings", call, deadline));
  std::vector<StoredEmbedding> page(static_cast<std::size_t>(rows.count()));
  for (int row = 0; row < rows.count(); ++row) {
    DS_ASSIGN_OR_RETURN(const Record record, ReadRecord(rows, row));
    StoredEmbedding& stored = page[static_cast<std::size_t>(row)];
    stored.id = record.id;
    stored.stamp = record.stamp;
    DS_ASSIGN_OR_RETURN(stored.vector, ReadEmbedding(rows, row, kRecordColumnCount));
    stored.members = schema::FilterMembersOf(record);
    std::erase_if(stored.members.values,
                  [](const auto& value) { return value.first == Member::kVector; });
  }
  return page;
}

Result<std::vector<StoredId>> RecordReader::ScanIds(VectorSetId set,
                                                    RecordId after,
                                                    int limit,
                                                    Deadline deadline) {
  CheckPageCount(limit);
  Call call{.name = NameOf(Query::kScanIds)};
  call.parameters.Add(std::int64_t{set}).Add(after).Add(limit);
  DS_ASSIGN_OR_RETURN(const Rows rows, sessions_.ReadOne("scan ids", call, deadline));
  std::vector<StoredId> page(static_cast<std::size_t>(rows.count()));
  for (int row = 0; row < rows.count(); ++row) {
    StoredId& stored = page[static_cast<std::size_t>(row)];
    stored.id = rows.Id(row, 0);
    stored.record_stamp = StampOrNothing(rows, row, 1);
    stored.has_text = rows.Bool(row, 2);
    stored.has_embedding = rows.Bool(row, 3);
    stored.pending_stamp = StampOrNothing(rows, row, 4);
  }
  return page;
}

// A sequence is changed at once, whatever becomes of the transaction, and a crash takes back what
// was not flushed. So that an answer still holds after a crash, what it rests on is flushed first:
// also where the sequence was high enough, since whoever drew so far may not have committed.
Result<Stamp> RecordReader::RaiseStamps(Stamp floor, Deadline deadline) {
  if (floor == std::numeric_limits<Stamp>::max()) {
    return InvalidArgument("no stamp is higher than the one given");
  }
  const Call looking{.name = NameOf(Query::kDrawnStamp)};
  if (floor <= 0) {
    DS_ASSIGN_OR_RETURN(const Rows drawn, sessions_.ReadOne("read the stamps", looking, deadline));
    return drawn.Integer(0, drawn.IsNull(0, 0) ? 1 : 0);
  }
  const auto write = [&](const std::vector<Call>& calls) -> Result<std::vector<Rows>> {
    auto rows =
        sessions_.Write("raise the stamps", calls, Sessions::Durability::kServerCrash, deadline);
    if (rows.has_value() || rows.error().code != ErrorCode::kOutcomeUnknown) return rows;
    return Unavailable("raise the stamps: the answer was lost");  // Raising again does no harm.
  };
  DS_ASSIGN_OR_RETURN(const std::vector<Rows> drawn,
                      write({looking, {.name = NameOf(Query::kFlushLog)}}));
  if (!drawn[0].IsNull(0, 0) && floor <= drawn[0].Integer(0, 0)) return drawn[0].Integer(0, 0);
  Call raising{.name = NameOf(Query::kRaiseStamps)};
  raising.parameters.Add(std::int64_t{floor});
  Call limiting{.name = NameOf(Query::kLimitLockWait)};
  limiting.parameters.Add(std::to_string(kLockWait.count()));
  DS_ASSIGN_OR_RETURN(const std::vector<Rows> raised,
                      write({limiting, {.name = NameOf(Query::kLockSetsAlone)}, raising}));
  return raised.back().Integer(0, 0);
}

}  // namespace datastorage::postgres
