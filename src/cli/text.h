// Text for terminals: what records carry made harmless to show, and its width in columns.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace datastorage::cli {

// Columns that valid UTF-8 takes on a terminal: 2 for East Asian wide characters and emoji, 0 for
// combining marks.
std::size_t DisplayWidth(std::string_view text);

// Makes control characters, escape sequences and marks that reorder text visible, as in `\u{1b}`,
// so that a record cannot drive a terminal. Tabs and line breaks become one space.
std::string OneLine(std::string_view text);

// The same, but line feeds stay.
std::string Lines(std::string_view text);

// At most `width` columns; what was cut is shown as "…".
std::string CutToWidth(std::string_view text, std::size_t width);

// `text` padded with spaces to `width` columns, on its right or left.
std::string PadRight(std::string_view text, std::size_t width);
std::string PadLeft(std::string_view text, std::size_t width);

// Breaks at spaces, long words anywhere; the last of `line_count_max` lines is cut with "…".
// REQUIRES: width and line_count_max above 0.
std::vector<std::string> Wrap(std::string_view text, std::size_t width, std::size_t line_count_max);

}  // namespace datastorage::cli
