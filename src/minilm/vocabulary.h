// Vocabulary: the word pieces of a BERT model and their ids.
//
// Threads: immutable after Parse.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/result.h"

namespace datastorage {

using TokenId = std::int32_t;

class Vocabulary {
 public:
  // `text` has one piece a line; a piece's id is its line, from 0. Pieces that go on with a word
  // begin with "##".
  // Errors: kInvalidArgument for a repeated or empty piece, or one of [PAD] [UNK] [CLS] [SEP]
  // [MASK] missing; all that is wrong is named.
  static Result<std::unique_ptr<Vocabulary>> Parse(std::string_view text);

  // The id of a piece at the start of a word; nothing for an unknown one.
  std::optional<TokenId> FindStart(std::string_view piece) const;
  // The id of a piece, given without "##", that goes on with a word.
  std::optional<TokenId> FindContinuation(std::string_view piece) const;
  // The id and length of the special token, such as "[SEP]", that `text` begins with.
  struct Special {
    TokenId id;
    std::size_t byte_count;
  };
  std::optional<Special> FindSpecial(std::string_view text) const;

  TokenId unknown() const { return unknown_; }
  TokenId start() const { return start_; }
  TokenId separator() const { return separator_; }
  TokenId padding() const { return padding_; }
  std::size_t piece_count() const { return starts_.size() + continuations_.size(); }
  std::size_t piece_byte_count_max() const { return piece_byte_count_max_; }

 private:
  using PieceIds = std::unordered_map<std::string_view, TokenId>;

  explicit Vocabulary(std::string_view text) : text_(text) {}

  const std::string text_;  // What the keys point into.
  PieceIds starts_;
  PieceIds continuations_;
  std::size_t piece_byte_count_max_ = 0;
  TokenId unknown_ = 0;
  TokenId start_ = 0;
  TokenId separator_ = 0;
  TokenId padding_ = 0;
};

}  // namespace datastorage
