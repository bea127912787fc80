// The options of every command that chooses records: filters, times, limits.
#pragma once

#include <string>
#include <vector>

#include "cli/cli11_forward.h"
#include "client/client.h"

namespace datastorage::cli {

struct FilterOptions {
  std::string where;
  std::vector<std::string> filters;  // member=value.
  std::string since;
  std::string until;
};

void AddFilterOptions(CLI::App& command, FilterOptions& options);

// As query parameters.
client::Parameters ParametersOf(const FilterOptions& options);

// Adds the positional KIND, one of the four.
void AddKind(CLI::App& command, std::string& kind);
// Adds the positional ID.
void AddId(CLI::App& command, std::string& id);

const std::vector<std::string>& KindNames();

}  // namespace datastorage::cli
