// SQL functions that filters call: what SQL itself cannot decide the way Matches() does.
#pragma once

#include "base/result.h"

struct sqlite3;

namespace datastorage::sqlite {

// ds_metadata_has(metadata, path, text…): 1 if a scalar at the path has one of the text forms.
// ds_id_text(id): 16 bytes as the lower-case text of a UUID.
Result<void> RegisterFilterFunctions(sqlite3* connection);

// The most texts of one call of ds_metadata_has.
inline constexpr int kMetadataTextCountMax = 100;

}  // namespace datastorage::sqlite
