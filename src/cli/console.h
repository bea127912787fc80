// Console: where a command speaks. Data goes to `out`, talk to `err`.
#pragma once

#include <cstddef>
#include <istream>
#include <ostream>
#include <string>
#include <string_view>

#include "cli/environment.h"

namespace datastorage::cli {

struct Console {
  std::istream& in;
  std::ostream& out;
  std::ostream& err;
  std::size_t width = 100;      // Columns of `out`.
  bool has_color = false;       // `out` is a terminal and NO_COLOR is not set.
  bool shows_progress = false;  // `err` is a terminal.
  bool can_ask = false;         // `in` and `err` are terminals: a person answers.
};

// The process's own streams, with what their terminals and the environment (NO_COLOR, COLUMNS,
// TERM) say.
Console ProcessConsole(const Environment& environment);

enum class Tone : unsigned char { kPlain, kBold, kDim, kGood, kBad, kWarning };

// `text` in that tone, or as it is where there is no color.
std::string Toned(const Console& console, Tone tone, std::string_view text);

}  // namespace datastorage::cli
