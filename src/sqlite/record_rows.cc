#include "sqlite/record_rows.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "schema/fields.h"
#include "schema/record_json.h"
#include "sqlite/queries.h"

namespace datastorage::sqlite {
namespace {

static_assert(std::endian::native == std::endian::little, "embeddings are stored little-endian");

struct MemberBinder : ScalarBinder {
  using ScalarBinder::operator();
  void operator()(const JsonObjectText&) const {}
  template <class Value>
  void operator()(const std::optional<Value>& value) const {
    if (value.has_value()) (*this)(*value);
  }
};

// Where each member's column stands among ColumnMembers(), or -1.
const std::array<int, kMemberCount>& ColumnPlaces() {
  static const std::array<int, kMemberCount> places = [] {
    std::array<int, kMemberCount> made{};
    made.fill(-1);
    int place = 0;
    for (const Member member : ColumnMembers()) made[static_cast<std::size_t>(member)] = place++;
    return made;
  }();
  return places;
}

}  // namespace

void BindMembers(StatementRun& execution, int position, const RecordBody& body) {
  const auto& places = ColumnPlaces();
  std::visit(
      [&]<class Body>(const Body& of_kind) {
        schema::ForEachField<Body>([&](const auto& field) {
          if (!field.member.has_value()) return;
          const int place = places[static_cast<std::size_t>(*field.member)];
          if (place < 0) return;
          // Columns that get no value stay NULL: bindings are cleared after each run.
          MemberBinder{{execution.At(position + place)}}(of_kind.*field.value);
        });
      },
      body);
  execution.At(position + static_cast<int>(ColumnMembers().size()));
}

Result<RecordKind> ReadKind(std::string_view name) {
  const std::optional<RecordKind> kind = ParseRecordKind(name);
  if (!kind.has_value()) return Internal("a stored record is of an unknown kind");
  return *kind;
}

Result<PendingRule> ReadPendingRule(std::string_view name) {
  const std::optional<PendingRule> rule = ParsePendingRule(name);
  if (!rule.has_value()) return Internal("a vector set has an unknown rule of pending rows");
  return *rule;
}

Result<Record> ReadRecord(const StatementRun& row) {
  Record record;
  record.id = row.Id(0);
  DS_ASSIGN_OR_RETURN(const RecordKind kind, ReadKind(row.Text(1)));
  record.version = row.Integer(2);
  record.stamp = row.Integer(3);
  record.created_at = row.Time(4);
  record.updated_at = row.Time(5);
  DS_ASSIGN_OR_RETURN(record.body, schema::BodyFromStoredText(kind, row.Text(6)));
  if (!row.IsNull(7)) {
    const std::optional<PendingReason> reason = ParsePendingReason(row.Text(7));
    if (!reason.has_value()) return Internal("a pending vector has an unknown reason");
    record.vector_reason = *reason;
  }
  for (const VectorState state : {VectorState::kPending, VectorState::kSynced}) {
    if (row.Text(8) == NameOf(state)) record.vector = state;
  }
  return record;
}

std::span<const std::uint8_t> BytesOf(const Embedding& embedding) {
  return {reinterpret_cast<const std::uint8_t*>(embedding.data()), sizeof(Embedding)};
}

Result<Embedding> ReadEmbedding(const StatementRun& row, int column) {
  const std::span<const std::uint8_t> bytes = row.Blob(column);
  Embedding embedding{};
  if (bytes.size() != sizeof embedding) return Internal("a stored embedding has the wrong size");
  std::memcpy(embedding.data(), bytes.data(), sizeof embedding);
  return embedding;
}

}  // namespace datastorage::sqlite
