// The schema of pgvector's tables, and which versions of the extension are taken.
//
// Threads: none.
#pragma once

#include <string>

#include "base/result.h"
#include "postgres/connection.h"

namespace datastorage::postgres {

// Makes the extension and the tables where they are missing, and grants `service_role`, where that
// is not empty, what it needs. Any number of programs may do so at once. The session must be the
// owner's, and be closed afterwards.
// Errors: kConflict when the server has no pgvector, or one before 0.8.0 (says what to do); those
// of the SQLSTATE table.
Result<void> InstallPgvector(Connection& owner, const std::string& service_role, Deadline deadline);

// Whether all of that is there; changes nothing, and warns of versions with known faults. Errors:
// as InstallPgvector, and kConflict when something is missing.
Result<void> CheckPgvector(Connection& connection, Deadline deadline);

}  // namespace datastorage::postgres
