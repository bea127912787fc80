#include "minilm/word_piece_tokenizer.h"

#include <unicode/normalizer2.h>
#include <unicode/unistr.h>
#include <unicode/utf16.h>
#include <unicode/utf8.h>

#include <algorithm>
#include <array>
#include <optional>
#include <string>

#include "base/check.h"
#include "minilm/bert_characters.h"

namespace datastorage {
namespace {

// Longer words are unknown as a whole; part of the model's published settings.
constexpr std::size_t kWordCharacterCountMax = 100;

const icu::Normalizer2& Decomposer() {
  UErrorCode status = U_ZERO_ERROR;
  const icu::Normalizer2* const decomposer = icu::Normalizer2::getNFDInstance(status);
  DS_CHECK(U_SUCCESS(status));
  return *decomposer;
}

// One run over one text: characters gather in `raw_` up to a break, are normalised together, and
// leave as words through `word_`.
class Encoding {
 public:
  explicit Encoding(const Vocabulary& vocabulary)
      : vocabulary_(vocabulary), ids_{vocabulary.start()} {}

  void AddText(std::string_view text);
  void AddSpecial(TokenId id) {
    if (!IsFull()) ids_.push_back(id);
  }
  bool IsFull() const { return ids_.size() >= kMiniLmTokenCountMax - 1; }
  std::vector<TokenId> Finish() &&;

 private:
  void AddCharacter(UChar32 c);
  // Normalises what has gathered; canonical decomposition never reaches across a break.
  void FlushRaw();
  void AddNormalized(UChar32 c);
  void FlushWord();
  // The id and end of the longest piece of word_ from character `first`; nothing if none fits.
  struct Piece {
    TokenId id;
    std::size_t end;
  };
  std::optional<Piece> LongestPiece(std::size_t first) const;

  const Vocabulary& vocabulary_;
  std::vector<TokenId> ids_;
  icu::UnicodeString raw_;
  bool raw_is_ascii_ = true;
  std::string word_;
  std::vector<std::size_t> word_ends_;  // Byte offset after each character of word_.
};

// ICU's macros count as nesting here and below.
void Encoding::AddText(std::string_view text) {  // NOLINT(readability-function-size)
  const auto* const bytes = reinterpret_cast<const std::uint8_t*>(text.data());
  const std::size_t size = text.size();
  std::size_t at = 0;
  while (at < size && !IsFull()) {
    UChar32 c = 0;
    U8_NEXT_OR_FFFD(bytes, at, size, c);
    AddCharacter(c);
  }
  FlushRaw();
}

void Encoding::AddCharacter(UChar32 c) {
  if (bert::IsDropped(c)) return;
  if (bert::IsSpace(c)) {
    FlushRaw();
    return;
  }
  const bool alone = bert::IsIdeograph(c);
  if (alone) FlushRaw();
  raw_.append(c);
  raw_is_ascii_ = raw_is_ascii_ && c < 0x80;
  if (alone) FlushRaw();
}

void Encoding::FlushRaw() {
  if (raw_.isEmpty()) return;
  if (!raw_is_ascii_) {
    UErrorCode status = U_ZERO_ERROR;
    raw_ = Decomposer().normalize(raw_, status);
    DS_CHECK(U_SUCCESS(status));
  }
  for (std::int32_t at = 0; at < raw_.length() && !IsFull();) {
    const UChar32 c = raw_.char32At(at);
    at += U16_LENGTH(c);
    if (!bert::IsNonspacingMark(c)) AddNormalized(bert::ToLower(c));
  }
  FlushWord();
  raw_.remove();
  raw_is_ascii_ = true;
}

void Encoding::AddNormalized(UChar32 c) {  // NOLINT(readability-function-size)
  const bool alone = bert::IsPunctuation(c);
  if (alone) FlushWord();
  std::array<char, U8_MAX_LENGTH> bytes{};
  std::int32_t size = 0;
  U8_APPEND_UNSAFE(bytes.data(), size, c);
  word_.append(bytes.data(), static_cast<std::size_t>(size));
  word_ends_.push_back(word_.size());
  if (alone) FlushWord();
}

void Encoding::FlushWord() {
  const std::size_t id_count_before = ids_.size();
  bool known = word_ends_.size() <= kWordCharacterCountMax;
  for (std::size_t first = 0; known && first < word_ends_.size();) {
    const std::optional<Piece> piece = LongestPiece(first);
    known = piece.has_value();
    if (!known) break;
    ids_.push_back(piece->id);
    first = piece->end;
  }
  if (!known) {
    ids_.resize(id_count_before);
    ids_.push_back(vocabulary_.unknown());
  }
  word_.clear();
  word_ends_.clear();
}

std::optional<Encoding::Piece> Encoding::LongestPiece(std::size_t first) const {
  const std::size_t begin = first == 0 ? 0 : word_ends_[first - 1];
  for (std::size_t end = word_ends_.size(); end > first; --end) {
    const std::size_t byte_count = word_ends_[end - 1] - begin;
    if (byte_count > vocabulary_.piece_byte_count_max()) continue;
    const std::string_view piece = std::string_view(word_).substr(begin, byte_count);
    const std::optional<TokenId> id =
        first == 0 ? vocabulary_.FindStart(piece) : vocabulary_.FindContinuation(piece);
    if (id.has_value()) return Piece{*id, end};
  }
  return std::nullopt;
}

std::vector<TokenId> Encoding::Finish() && {
  // The last word may have passed the window by some pieces.
  ids_.resize(std::min(ids_.size(), kMiniLmTokenCountMax - 1));
  ids_.push_back(vocabulary_.separator());
  return std::move(ids_);
}

}  // namespace

std::vector<TokenId> WordPieceTokenizer::Encode(std::string_view text) const {
  Encoding encoding(*vocabulary_);
  std::size_t plain_begin = 0;
  // Special tokens are found in the text as it came, before any normalisation.
  for (std::size_t at = text.find('['); at != std::string_view::npos && !encoding.IsFull();) {
    const std::optional<Vocabulary::Special> special = vocabulary_->FindSpecial(text.substr(at));
    if (special.has_value()) {
      encoding.AddText(text.substr(plain_begin, at - plain_begin));
      encoding.AddSpecial(special->id);
      plain_begin = at + special->byte_count;
      at = text.find('[', plain_begin);
    } else {
      at = text.find('[', at + 1);
    }
  }
  encoding.AddText(text.substr(plain_begin));
  return std::move(encoding).Finish();
}

}  // namespace datastorage
