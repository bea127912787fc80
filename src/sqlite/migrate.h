// Migrations: numbered steps of the schema, each in one transaction, remembered with its checksum.
#pragma once

#include <span>
#include <string_view>

#include "base/result.h"
#include "sqlite/connection.h"

namespace datastorage::sqlite {

struct Migration {
  int number = 0;  // 1, 2, … without gaps.
  std::string_view sql;
};

// Those of this program.
std::span<const Migration> AllMigrations();

// Applies what is missing. Errors: kConflict when the file was written by a newer program (names
// both schema versions), when an applied migration differs from ours, or when the file belongs to
// something else; those of the result code table.
Result<void> Migrate(Connection& writer, std::span<const Migration> migrations);

// The number of the last migration that was applied to the file, which it leaves alone. Errors: as
// Migrate; kConflict also for a file in which nothing of ours is.
Result<int> SchemaVersion(Connection& connection, std::span<const Migration> migrations);

}  // namespace datastorage::sqlite
