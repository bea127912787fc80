#include "minilm/vocabulary.h"

#include <algorithm>
#include <array>

namespace datastorage {
namespace {

constexpr std::string_view kContinuationPrefix = "##";
constexpr std::array<std::string_view, 5> kSpecialPieces = {
    "[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"};

std::optional<TokenId> Find(const std::unordered_map<std::string_view, TokenId>& ids,
                            std::string_view piece) {
  const auto found = ids.find(piece);
  if (found == ids.end()) return std::nullopt;
  return found->second;
}

}  // namespace

Result<std::unique_ptr<Vocabulary>> Vocabulary::Parse(std::string_view text) {
  std::unique_ptr<Vocabulary> made(new Vocabulary(text));
  std::string wrong;
  std::string_view rest = made->text_;
  for (TokenId id = 0; !rest.empty(); ++id) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    std::string_view piece = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (piece.ends_with('\r')) piece.remove_suffix(1);
    // "##" alone is the piece of two number signs; the pre-tokenizer never asks for it.
    const bool continues = piece.starts_with(kContinuationPrefix) && piece.size() > 2;
    if (continues) piece.remove_prefix(kContinuationPrefix.size());
    PieceIds& ids = continues ? made->continuations_ : made->starts_;
    if (piece.empty() || !ids.emplace(piece, id).second) {
      wrong += "; line " + std::to_string(id + 1) + " is empty or repeated";
    }
    made->piece_byte_count_max_ = std::max(made->piece_byte_count_max_, piece.size());
  }
  for (const std::string_view piece : kSpecialPieces) {
    if (!made->starts_.contains(piece)) wrong += "; " + std::string(piece) + " is missing";
  }
  if (!wrong.empty()) return InvalidArgument("read vocabulary: " + wrong.substr(2));
  made->padding_ = made->starts_.at("[PAD]");
  made->unknown_ = made->starts_.at("[UNK]");
  made->start_ = made->starts_.at("[CLS]");
  made->separator_ = made->starts_.at("[SEP]");
  return made;
}

std::optional<TokenId> Vocabulary::FindStart(std::string_view piece) const {
  return Find(starts_, piece);
}

std::optional<TokenId> Vocabulary::FindContinuation(std::string_view piece) const {
  return Find(continuations_, piece);
}

std::optional<Vocabulary::Special> Vocabulary::FindSpecial(std::string_view text) const {
  for (const std::string_view piece : kSpecialPieces) {
    if (text.starts_with(piece)) return Special{starts_.at(piece), piece.size()};
  }
  return std::nullopt;
}

}  // namespace datastorage
