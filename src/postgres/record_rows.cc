#include "postgres/record_rows.h"

#include <bit>
#include <cstring>

#include "schema/record_json.h"

namespace datastorage::postgres {

static_assert(std::endian::native == std::endian::little, "embeddings are stored little-endian");

Result<RecordKind> ReadKind(std::string_view name) {
  const std::optional<RecordKind> kind = ParseRecordKind(name);
  if (!kind.has_value()) return Internal("a stored record is of an unknown kind");
  return *kind;
}

Result<Record> ReadRecord(const Rows& rows, int row) {
  Record record;
  record.id = rows.Id(row, 0);
  DS_ASSIGN_OR_RETURN(const RecordKind kind, ReadKind(rows.Text(row, 1)));
  record.version = rows.Integer(row, 2);
  record.stamp = rows.Integer(row, 3);
  record.created_at = rows.Time(row, 4);
  record.updated_at = rows.Time(row, 5);
  DS_ASSIGN_OR_RETURN(record.body, schema::BodyFromStoredText(kind, rows.Text(row, 6)));
  if (!rows.IsNull(row, 7)) {
    const std::optional<PendingReason> reason = ParsePendingReason(rows.Text(row, 7));
    if (!reason.has_value()) return Internal("a pending vector has an unknown reason");
    record.vector_reason = *reason;
  }
  for (const VectorState state : {VectorState::kPending, VectorState::kSynced}) {
    if (rows.Text(row, 8) == NameOf(state)) record.vector = state;
  }
  return record;
}

Result<Embedding> ReadEmbedding(const Rows& rows, int row, int column) {
  const std::span<const std::uint8_t> bytes = rows.Bytes(row, column);
  Embedding embedding{};
  if (bytes.size() != sizeof embedding) return Internal("a stored embedding has the wrong size");
  std::memcpy(embedding.data(), bytes.data(), sizeof embedding);
  return embedding;
}

}  // namespace datastorage::postgres
