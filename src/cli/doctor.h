// doctor: checks that everything stands, and names the cause and the next step where it does not.
#pragma once

#include <string>
#include <vector>

#include "cli/finding.h"
#include "cli/session.h"

namespace datastorage::cli {

// What the server at the session's address says: reachable, ready, lost parts, version.
std::vector<Finding> CheckServer(Session& session, const std::string& own_version);

// Prints the findings (a table, or with --json `{"ok", "findings": […]}`); kProblem if one is.
ExitCode ReportFindings(Session& session, const std::vector<Finding>& findings);

}  // namespace datastorage::cli
