#include "minilm/bert_characters.h"

#include <unicode/uchar.h>

#include <cstdint>

namespace datastorage::bert {
namespace {

bool IsOfUnicode8(UChar32 c) {
  UVersionInfo age{};
  u_charAge(c, age);
  return age[0] <= 8;
}

std::uint32_t CategoryMask(UChar32 c) {
  return U_GET_GC_MASK(c);
}

}  // namespace

bool IsDropped(UChar32 c) {
  if (c < 0x80) return (c < 0x20 && c != '\t' && c != '\n' && c != '\r') || c == 0x7F;
  if (c == 0xFFFD) return true;
  constexpr std::uint32_t kOther = U_GC_CC_MASK | U_GC_CF_MASK | U_GC_CO_MASK;
  return (CategoryMask(c) & kOther) != 0 && IsOfUnicode8(c);
}

bool IsSpace(UChar32 c) {
  return u_isUWhiteSpace(c) != 0;
}

bool IsIdeograph(UChar32 c) {
  return (c >= 0x4E00 && c <= 0x9FFF) || (c >= 0x3400 && c <= 0x4DBF) ||
         (c >= 0x20000 && c <= 0x2A6DF) || (c >= 0x2A700 && c <= 0x2B73F) ||
         (c >= 0x2B740 && c <= 0x2B81F) || (c >= 0x2B920 && c <= 0x2CEAF) ||
         (c >= 0xF900 && c <= 0xFAFF) || (c >= 0x2F800 && c <= 0x2FA1F);
}

bool IsNonspacingMark(UChar32 c) {
  if (c < 0x300) return false;
  switch (c) {
    case 0x1734: return true;  // A spacing mark since Unicode 14.
    case 0x1885:
    case 0x1886:
    case 0xA9BD:
    case 0x111C9: return false;  // Of other classes before Unicode 9, 11 and 12.
    default: return (CategoryMask(c) & U_GC_MN_MASK) != 0 && IsOfUnicode8(c);
  }
}

bool IsPunctuation(UChar32 c) {
  if (c < 0x80) {
    return (c >= 33 && c <= 47) || (c >= 58 && c <= 64) || (c >= 91 && c <= 96) ||
           (c >= 123 && c <= 126);
  }
  // Both were punctuation until Unicode 11 and 12.
  if (c == 0x166D || c == 0x111C9) return true;
  return (CategoryMask(c) & U_GC_P_MASK) != 0 && IsOfUnicode8(c);
}

UChar32 ToLower(UChar32 c) {
  if (c < 0x80) return c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c;
  return u_tolower(c);
}

}  // namespace datastorage::bert
