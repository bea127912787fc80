// Rows of `record` to and from records, by the field tables.
#pragma once

#include <string_view>

#include "base/result.h"
#include "domain/records.h"
#include "domain/write.h"
#include "sqlite/statement.h"

namespace datastorage::sqlite {

// Binds one value a member column (ColumnMembers()), from the next parameter on. Texts are views
// into `body`.
// REQUIRES: what was bound before ends at `position` - 1.
void BindMembers(StatementRun& execution, int position, const RecordBody& body);

// The record in the columns id kind version stamp created_at updated_at body pending_reason vector.
// Errors: kInternal when the row cannot have been written by this program.
Result<Record> ReadRecord(const StatementRun& row);

Result<RecordKind> ReadKind(std::string_view name);
Result<PendingRule> ReadPendingRule(std::string_view name);

// 384 floats of 32 bits, little-endian.
std::span<const std::uint8_t> BytesOf(const Embedding& embedding);
// Errors: kInternal when the column holds no embedding.
Result<Embedding> ReadEmbedding(const StatementRun& row, int column);

}  // namespace datastorage::sqlite
