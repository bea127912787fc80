#include "cli/unknown_command.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <numeric>
#include <vector>

namespace datastorage::cli {
namespace {

constexpr std::size_t kMistakeCountMax = 2;
constexpr std::size_t kWordLengthMax = 40;  // No command is so long: nothing is near.

// Levenshtein's distance: letters to insert, take away or replace.
std::size_t DistanceOf(std::string_view from, std::string_view to) {
  std::vector<std::size_t> row(to.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < from.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i + 1;
    for (std::size_t j = 0; j < to.size(); ++j) {
      const std::size_t replaced = diagonal + (from[i] == to[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({replaced, row[j] + 1, row[j + 1] + 1});
    }
  }
  return row[to.size()];
}

}  // namespace

std::string PathOf(const CLI::App& app) {
  if (app.get_parent() == nullptr) return app.get_name();
  return PathOf(*app.get_parent()) + " " + app.get_name();
}

std::string UnknownCommandText(const CLI::App& app, std::string_view word) {
  std::string nearest;
  std::size_t least = kMistakeCountMax + 1;
  if (word.size() <= kWordLengthMax) {
    for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; })) {
      const std::size_t distance = DistanceOf(word, command->get_name());
      if (distance >= least) continue;
      least = distance;
      nearest = command->get_name();
    }
  }
  return "there is no command " + std::string(word.substr(0, kWordLengthMax)) +
         (nearest.empty() ? "." : "; did you mean " + nearest + "?") + " See `" + PathOf(app) +
         " --help`";
}

}  // namespace datastorage::cli
