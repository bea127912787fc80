// LegacyExport: reads a database of the Go original and gives its records as lines that
// `datastorage import` takes. Natural keys make a repeated import harmless.
//
// Its four tables become the four kinds. The serial id and the times of the row, which the server
// sets here, become metadata (`legacy_id`, `legacy_created_at`, `legacy_updated_at`), as does
// metadata that is no JSON object (`legacy_metadata`, as it was). Vectors are left out: they are
// made anew.
//
// Threads: none.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "domain/records.h"
#include "postgres/connection.h"

namespace datastorage::postgres {

struct LegacySink {
  // {"kind": …, "record": …}, without an end of line. False: nobody takes more.
  std::function<bool(const std::string& line)> on_record;
  // A row that validation refuses, by its table and serial id, and why.
  std::function<void(std::string_view table, std::int64_t id, const std::string& reason)>
      on_refused;
};

struct LegacyTally {
  std::int64_t record_count = 0;
  std::int64_t refused_count = 0;
};

// Changes nothing in the database. Rows are read in the order of their ids, a page at a time and
// each page as it is then: stop the original first, or repeat it.
// Errors: kNotFound when a table or one of its columns is missing; kUnavailable, also when the sink
// takes no more; kDeadlineExceeded.
Result<LegacyTally> ExportLegacy(Connection& connection, const LegacySink& sink);

// One row as a line, or why it cannot be one. The texts are JSON but for `metadata`.
struct LegacyLine {
  std::string text;
  std::string reason;
};
LegacyLine LineOfLegacy(RecordKind kind,
                        std::string_view record,
                        std::string_view metadata,
                        std::string_view additions);

}  // namespace datastorage::postgres
