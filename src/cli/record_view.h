// How records look to people: as rows of a list, as one record in full, and as hits of a search.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cli/console.h"
#include "schema/json.h"

namespace datastorage::cli {

// Records, each on a line.
void PrintRecords(const Console& console, const std::vector<schema::Json>& records);

// Every member on a line of its own; long text wrapped and indented.
void PrintRecord(const Console& console, const schema::Json& record);

// The `hits` of a search's answer, and what the answer says about its own completeness (on `err`).
void PrintHits(const Console& console, const schema::Json& answer);

// A scalar member's characters, "" when absent.
std::string TextOf(const schema::Json& record, std::string_view member);

}  // namespace datastorage::cli
