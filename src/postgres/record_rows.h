// Rows of `record` to records, by the field tables. RecordColumns goes the other way.
#pragma once

#include <string_view>

#include "base/result.h"
#include "domain/embedding.h"
#include "domain/records.h"
#include "postgres/values.h"

namespace datastorage::postgres {

// The record in columns 0…8: id kind version stamp created_at updated_at body pending_reason
// vector. Errors: kInternal when the row cannot have been written by this program.
Result<Record> ReadRecord(const Rows& rows, int row);
inline constexpr int kRecordColumnCount = 9;

Result<RecordKind> ReadKind(std::string_view name);

// Of 384 floats of 32 bits, little-endian. Errors: kInternal when the column holds no embedding.
Result<Embedding> ReadEmbedding(const Rows& rows, int row, int column);

}  // namespace datastorage::postgres
