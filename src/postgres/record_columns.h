// RecordColumns: records to be stored, as the columns of one unnest.
#pragma once

#include <optional>
#include <vector>

#include "domain/write.h"
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
  RecordColumns();

  void Add(const StoredVersion& version, const RecordBody& body);
  bool empty() const { return ids_.size() == 0; }

  // What insert_records and update_records take.
  Parameters ForInsert();
  Parameters ForUpdate();
  Parameters Ids();

 private:
  void AddMembers(const RecordBody& body);
  void AddCommon(Parameters& parameters);
  void AddMemberColumns(Parameters& parameters);

  ArrayValue ids_, stamps_, attempts_, text_hashes_, times_, bodies_, metadata_, scalars_, words_,
      word_counts_;
  ArrayValue kinds_, content_hashes_;
  std::vector<ArrayValue> members_;  // In the order of ColumnMembers().
};

// Whether jsonb can hold every number of a JSON text; it keeps them as decimals of bounded length.
bool FitsJsonb(std::string_view json);

}  // namespace datastorage::postgres
