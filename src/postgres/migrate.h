// Migrations: numbered steps of the schema, remembered with their checksums. Any number of programs
// may start at once: one migrates, the others wait for it.
//
// A step says in its header which programs can run with what it made, as "-- runs with: N": those
// that know schema version N. So a release can widen the schema under the one before it. A step
// with the line "-- outside of a transaction" (an index that is built while others write) is one
// that can be run again after it was interrupted.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "postgres/connection.h"

namespace datastorage::postgres {

struct Migration {
  int number = 0;  // 1, 2, … without gaps.
  std::string_view sql;
};

// Those of this program.
std::span<const Migration> AllMigrations();

// Applies what is missing, makes the partitions that come next, and grants `service_role`, where
// that is not empty, what it needs. The session must be the owner's, and be closed afterwards.
// Errors: kConflict when the schema is one that this program cannot run with (names both versions),
// when an applied step differs from ours, or when the tables belong to something else;
// kDeadlineExceeded when another program migrates until then; those of the SQLSTATE table.
Result<void> Migrate(Connection& owner,
                     std::span<const Migration> migrations,
                     const std::string& service_role,
                     Deadline deadline);

// Runs `sql`, in which {role} stands for the name of `role`.
Result<void> Grant(Connection& owner,
                   std::string_view sql,
                   const std::string& role,
                   Deadline deadline);

// Whether this program can run with the schema as it is; changes nothing. Errors: as Migrate, and
// kConflict when a step of this program is missing.
Result<void> CheckSchema(Connection& connection,
                         std::span<const Migration> migrations,
                         Deadline deadline);

// Makes partitions for this month and some to come, where they are missing. For now and then.
Result<void> MakePartitions(Connection& connection, Deadline deadline);

// How many records are in the partition for what no month takes, counting no further than 1,000: to
// be watched, since it means that partitions were not made in time or that ids come from elsewhere.
Result<std::int64_t> CountUnplaced(Connection& connection, Deadline deadline);

}  // namespace datastorage::postgres
