// RecordColumns: records to be stored, as one array a column. Threads: none.
#pragma once

#include <array>
#include <optional>
#include <vector>

#include "domain/member.h"
#include "domain/write.h"
#include "postgres/connection.h"
#include "postgres/values.h"

namespace datastorage::postgres {

struct StoredVersion {
  RecordId id;
  Stamp stamp = 0;
  Uuid attempt{};
  std::optional<Sha256> text_hash{};
  WallTime now{};
  // Of version 1 only.
  std::optional<Sha256> content_hash{};
};

class RecordColumns {
 public:
  // With the member columns of all kinds, or of one.
  RecordColumns();
  explicit RecordColumns(RecordKind kind);

  void Add(const StoredVersion& version, const RecordBody& body);
  bool empty() const { return ids_.size() == 0; }
  std::size_t size() const { return ids_.size(); }

  // What insert_records takes of records of this kind, the only one here.
  Parameters ForInsert(RecordKind kind);
  // What update_records takes.
  Parameters ForUpdate();
  Parameters Ids();

 private:
  explicit RecordColumns(const std::vector<Member>& columns);
  void AddMembers(const RecordBody& body);
  void AddCommon(Parameters& parameters);
  void AddMemberColumns(Parameters& parameters);

  ArrayValue ids_, stamps_, attempts_, text_hashes_, times_, bodies_, metadata_, scalars_, words_,
      word_counts_;
  ArrayValue content_hashes_;
  std::array<int, kMemberCount> places_{};  // Of each member among members_, or -1.
  std::vector<ArrayValue> members_;         // In the order of ColumnMembers().
};

// Records of any kind to be inserted: the server is sent no columns that a kind does not have.
class NewRecordColumns {
 public:
  void Add(const StoredVersion& version, const RecordBody& body);
  bool empty() const { return parts_.empty(); }
  // The statements that insert them.
  std::vector<Call> TakeCalls();

 private:
  // The server walks along an array of texts to each of its elements.
  static constexpr std::size_t kRowCountMax = 64;

  struct Part {
    RecordKind kind;
    RecordColumns columns;
  };

  std::vector<Part> parts_;
};

// Whether jsonb can hold every number of a JSON text; it keeps them as decimals of bounded length.
bool FitsJsonb(std::string_view json);

}  // namespace datastorage::postgres
