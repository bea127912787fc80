#include "cli/console.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <iostream>

namespace datastorage::cli {
namespace {

constexpr std::size_t kWidthDefault = 100;  // Where nobody says, as in a pipe.
constexpr std::size_t kWidthMin = 40;

std::string ValueOf(const Environment& environment, std::string_view name) {
  const auto found = environment.find(name);
  return found == environment.end() ? std::string() : found->second;
}

std::size_t WidthOf(const Environment& environment) {
  winsize size{};
  if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) {
    return std::max<std::size_t>(size.ws_col, kWidthMin);
  }
  const std::string columns = ValueOf(environment, "COLUMNS");
  std::size_t width = kWidthDefault;
  std::from_chars(columns.data(), columns.data() + columns.size(), width);
  return std::max(width, kWidthMin);
}

std::string_view CodeOf(Tone tone) {
  switch (tone) {
    case Tone::kPlain: return "";
    case Tone::kBold: return "\x1b[1m";
    case Tone::kDim: return "\x1b[2m";
    case Tone::kGood: return "\x1b[32m";
    case Tone::kBad: return "\x1b[31m";
    case Tone::kWarning: return "\x1b[33m";
  }
  return "";
}

}  // namespace

Console ProcessConsole(const Environment& environment) {
  Console console{std::cin, std::cout, std::cerr};
  console.width = WidthOf(environment);
  console.has_color = isatty(STDOUT_FILENO) == 1 && ValueOf(environment, "NO_COLOR").empty() &&
                      ValueOf(environment, "TERM") != "dumb";
  console.shows_progress = isatty(STDERR_FILENO) == 1 && ValueOf(environment, "TERM") != "dumb";
  console.can_ask = isatty(STDIN_FILENO) == 1 && isatty(STDERR_FILENO) == 1;
  return console;
}

std::string Toned(const Console& console, Tone tone, std::string_view text) {
  if (!console.has_color || tone == Tone::kPlain) return std::string(text);
  return std::string(CodeOf(tone)) + std::string(text) + "\x1b[0m";
}

}  // namespace datastorage::cli
