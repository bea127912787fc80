// The parts of addresses that are written as URLs.
//
// Threads: no state.
#pragma once

#include <charconv>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>

namespace datastorage {

// With each %XX as the byte that it stands for; nothing where a % begins no such thing.
std::optional<std::string> DecodePercent(std::string_view text);

// What stands before `mark`, which is taken off too; all of it where there is no mark.
std::string_view TakeUntil(std::string_view& text, char mark);

// Whether all of `text` is a whole decimal number between both, which then is in `number`.
template <class Number>
bool ReadNumber(std::string_view text, std::int64_t least, std::int64_t most, Number& number) {
  std::int64_t wide = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), wide);
  if (failure != std::errc() || end != text.data() + text.size()) return false;
  if (wide < least || wide > most) return false;
  number = static_cast<Number>(wide);
  return true;
}

}  // namespace datastorage
