#include "schema/text.h"

#include <unicode/uchar.h>
#include <unicode/utf8.h>

#include <algorithm>
#include <cstdint>

namespace datastorage::schema {
namespace {

bool BeginsCodePoint(char byte) {
  return (static_cast<unsigned char>(byte) & 0xC0U) != 0x80U;
}

// A code point of several bytes; U+FFFD for what cannot be one.
UChar32 Decode(std::string_view bytes) {
  if (bytes.size() < 2 || bytes.size() > 4) return 0xFFFD;
  const unsigned first = static_cast<unsigned char>(bytes.front());
  unsigned value = first & (0x7FU >> bytes.size());
  for (const char byte : bytes.substr(1)) {
    value = (value << 6U) | (static_cast<unsigned char>(byte) & 0x3FU);
  }
  return static_cast<UChar32>(value);
}

bool IsWhiteSpace(std::string_view code_point) {
  const char first = code_point.front();
  if (code_point.size() == 1) return first == ' ' || (first >= '\t' && first <= '\r');
  return u_hasBinaryProperty(Decode(code_point), UCHAR_WHITE_SPACE) != 0;
}

}  // namespace

bool IsUtf8(std::string_view text) {
  const auto* const bytes = reinterpret_cast<const std::uint8_t*>(text.data());
  for (std::size_t at = 0; at < text.size();) {
    UChar32 code_point = 0;
    U8_NEXT(bytes, at, text.size(), code_point);
    if (code_point < 0) return false;
  }
  return true;
}

std::size_t CodePointCount(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), BeginsCodePoint));
}

std::string_view CodePointPrefix(std::string_view text, std::size_t count_max) {
  std::size_t count = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (!BeginsCodePoint(text[i])) continue;
    if (count == count_max) return text.substr(0, i);
    ++count;
  }
  return text;
}

bool IsBlank(std::string_view text) {
  while (!text.empty()) {
    const std::string_view first = CodePointPrefix(text, 1);
    if (!IsWhiteSpace(first)) return false;
    text.remove_prefix(first.size());
  }
  return true;
}

}  // namespace datastorage::schema
