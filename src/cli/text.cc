#include "cli/text.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>

namespace datastorage::cli {
namespace {

struct Range {
  std::uint32_t first;
  std::uint32_t last;
};

// Unicode's wide and emoji blocks, and its combining ones, as far as prose meets them.
constexpr std::array<Range, 10> kWide{{{0x1100, 0x115F},
                                       {0x2E80, 0x303E},
                                       {0x3041, 0x33FF},
                                       {0x3400, 0x4DBF},
                                       {0x4E00, 0xA4CF},
                                       {0xAC00, 0xD7A3},
                                       {0xF900, 0xFAFF},
                                       {0xFE30, 0xFE6F},
                                       {0xFF00, 0xFF60},
                                       {0x1F300, 0x1FAFF}}};
constexpr std::array<Range, 6> kZeroWidth{{{0x0300, 0x036F},
                                           {0x0483, 0x0489},
                                           {0x0591, 0x05BD},
                                           {0x200B, 0x200D},
                                           {0x20D0, 0x20FF},
                                           {0xFE00, 0xFE0F}}};
// C0, DEL and C1; marks that change the direction of text; line and paragraph separator.
constexpr std::array<Range, 6> kDangerous{{{0x00, 0x1F},
                                           {0x7F, 0x9F},
                                           {0x200E, 0x200F},
                                           {0x2028, 0x202E},
                                           {0x2066, 0x2069},
                                           {0xFEFF, 0xFEFF}}};

template <std::size_t count>
bool IsIn(const std::array<Range, count>& ranges, std::uint32_t point) {
  return std::ranges::any_of(
      ranges, [point](const Range& range) { return point >= range.first && point <= range.last; });
}

struct Character {
  std::string_view bytes;
  std::uint32_t point = 0;
};

// Splits off the first character; a stray byte counts as one.
Character TakeCharacter(std::string_view& text) {
  const auto first = static_cast<unsigned char>(text.front());
  std::size_t length = 1;
  std::uint32_t point = first;
  if (first >= 0xC0) {
    length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
    point = first & (0xFFU >> (length + 1));
  }
  length = std::min(length, text.size());
  for (std::size_t i = 1; i < length; ++i) {
    point = (point << 6U) | (static_cast<unsigned char>(text[i]) & 0x3FU);
  }
  const Character character{text.substr(0, length), point};
  text.remove_prefix(length);
  return character;
}

std::size_t WidthOf(std::uint32_t point) {
  if (IsIn(kZeroWidth, point)) return 0;
  return IsIn(kWide, point) ? 2 : 1;
}

std::string Escape(std::string_view text, std::string_view line_break) {
  std::string out;
  while (!text.empty()) {
    const Character character = TakeCharacter(text);
    if (character.point == '\n') {
      out += line_break;
    } else if (character.point == '\t' || character.point == '\r') {
      out += ' ';
    } else if (IsIn(kDangerous, character.point)) {
      std::array<char, 16> escaped{};
      std::snprintf(escaped.data(), escaped.size(), "\\u{%x}", character.point);
      out += escaped.data();
    } else {
      out += character.bytes;
    }
  }
  return out;
}

// The longest beginning of at most `width` columns.
std::string_view Beginning(std::string_view text, std::size_t width) {
  std::string_view rest = text;
  std::size_t taken = 0;
  std::size_t used = 0;
  while (!rest.empty()) {
    const Character character = TakeCharacter(rest);
    used += WidthOf(character.point);
    if (used > width) break;
    taken += character.bytes.size();
  }
  return text.substr(0, taken);
}

// How much of `text` goes on a line of `width`: up to the last space that fits, else what fits.
std::string_view LineOf(std::string_view text, std::size_t width) {
  if (DisplayWidth(text) <= width) return text;
  const std::string_view fitting = Beginning(text, width);
  if (text[fitting.size()] == ' ') return fitting;
  const std::size_t space = fitting.rfind(' ');
  if (space != std::string_view::npos && space > 0) return fitting.substr(0, space);
  if (!fitting.empty()) return fitting;
  // A wide character on a line of one column: go on rather than stand still.
  std::string_view rest = text;
  return TakeCharacter(rest).bytes;
}

}  // namespace

std::size_t DisplayWidth(std::string_view text) {
  std::size_t width = 0;
  while (!text.empty()) width += WidthOf(TakeCharacter(text).point);
  return width;
}

std::string OneLine(std::string_view text) {
  return Escape(text, " ");
}

std::string Lines(std::string_view text) {
  return Escape(text, "\n");
}

std::string CutToWidth(std::string_view text, std::size_t width) {
  if (DisplayWidth(text) <= width) return std::string(text);
  if (width == 0) return {};
  std::string_view kept = Beginning(text, width - 1);
  while (kept.ends_with(' ')) kept.remove_suffix(1);
  return std::string(kept) + "…";
}

std::string PadRight(std::string_view text, std::size_t width) {
  const std::size_t used = DisplayWidth(text);
  return std::string(text) + std::string(used < width ? width - used : 0, ' ');
}

std::string PadLeft(std::string_view text, std::size_t width) {
  const std::size_t used = DisplayWidth(text);
  return std::string(used < width ? width - used : 0, ' ') + std::string(text);
}

std::vector<std::string> Wrap(std::string_view text,
                              std::size_t width,
                              std::size_t line_count_max) {
  std::vector<std::string> lines;
  while (!text.empty() && lines.size() + 1 < line_count_max) {
    const std::string_view line = LineOf(text, width);
    lines.emplace_back(line);
    text.remove_prefix(line.size());
    while (text.starts_with(' ')) text.remove_prefix(1);
  }
  if (!text.empty()) lines.push_back(CutToWidth(text, width));
  return lines;
}

}  // namespace datastorage::cli
