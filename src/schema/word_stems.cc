#include "schema/word_stems.h"

#include <unicode/uchar.h>
#include <unicode/unorm2.h>
#include <unicode/utf8.h>

#include <array>

#include "schema/porter_stem.h"

namespace datastorage::schema {
namespace {

bool IsWordCharacter(UChar32 c) {
  constexpr std::uint32_t kWord = U_GC_L_MASK | U_GC_N_MASK | U_GC_CO_MASK;
  return (U_GET_GC_MASK(c) & kWord) != 0;
}

// Within a word only: what NFD puts behind a Latin letter.
bool IsAccent(UChar32 c) {
  constexpr UChar32 kFirst = 0x300;
  constexpr UChar32 kLast = 0x331;
  return c >= kFirst && c <= kLast;
}

// The ASCII letter under its accents, or the character itself.
UChar32 WithoutAccents(UChar32 c) {
  UErrorCode code = U_ZERO_ERROR;
  static const UNormalizer2* const decomposer = unorm2_getNFDInstance(&code);
  std::array<UChar, 8> parts{};
  const std::int32_t count =
      unorm2_getDecomposition(decomposer, c, parts.data(), std::int32_t{parts.size()}, &code);
  const bool is_latin = U_SUCCESS(code) && count > 1 && parts[0] < 0x80 && u_isalpha(parts[0]) != 0;
  return is_latin ? u_tolower(parts[0]) : c;
}

char LoweredAscii(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool IsAscii(char c) {
  return static_cast<unsigned char>(c) < 0x80;
}

bool IsAsciiWordCharacter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

class Cutter {
 public:
  explicit Cutter(std::string_view text) : text_(text) {}

  std::vector<std::string> Cut() {
    while (at_ < text_.size()) {
      if (IsAscii(text_[at_])) {
        TakeAscii(text_[at_++]);
      } else {
        TakeOther();
      }
    }
    EndWord();
    return std::move(words_);
  }

 private:
  void TakeAscii(char c) {
    if (!IsAsciiWordCharacter(c)) return EndWord();
    word_ += LoweredAscii(c);
    is_in_word_ = true;
  }

  void TakeOther() {
    UChar32 c = 0;
    auto at = static_cast<std::int32_t>(at_);
    const auto* const bytes = reinterpret_cast<const std::uint8_t*>(text_.data());
    U8_NEXT(bytes, at, static_cast<std::int32_t>(text_.size()), c);
    at_ = static_cast<std::size_t>(at);
    if (c < 0) return EndWord();
    if (is_in_word_ && IsAccent(c)) return;
    if (!IsWordCharacter(c)) return EndWord();
    is_in_word_ = true;
    c = WithoutAccents(u_foldCase(c, U_FOLD_CASE_DEFAULT));
    std::array<char, U8_MAX_LENGTH> folded{};
    std::size_t count = 0;
    U8_APPEND_UNSAFE(folded.data(), count, c);
    word_.append(folded.data(), count);
  }

  void EndWord() {
    if (!is_in_word_) return;
    StemPorter(word_);
    if (word_.size() > kStemByteCountMax) {
      std::size_t size = kStemByteCountMax;
      while (!IsAscii(word_[size]) && (static_cast<unsigned char>(word_[size]) & 0x40U) == 0) {
        --size;
      }
      word_.resize(size);
    }
    words_.push_back(std::move(word_));
    word_.clear();
    is_in_word_ = false;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  bool is_in_word_ = false;
  std::string word_;
  std::vector<std::string> words_;
};

}  // namespace

std::vector<std::string> StemmedWords(std::string_view text) {
  return Cutter(text).Cut();
}

}  // namespace datastorage::schema
