// WordPieceTokenizer: text to token ids, equal to the tokenizer that the model was published with
// (BertNormalizer, BertPreTokenizer, WordPiece), cut at a number of tokens.
//
// Threads:     safe to call concurrently.
// Limitations: the text of a special token, such as "[SEP]", is that token, as in the original.
#pragma once

#include <cstddef>
#include <memory>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "minilm/vocabulary.h"

namespace datastorage {

// The window that the model's sentence vectors were published with, [CLS] and [SEP] included.
inline constexpr std::size_t kMiniLmTokenCountMax = 256;

class WordPieceTokenizer {
 public:
  explicit WordPieceTokenizer(std::unique_ptr<Vocabulary> vocabulary)
      : vocabulary_(std::move(vocabulary)) {}

  // Returns [CLS], the pieces of `text`, [SEP]: between 2 and kMiniLmTokenCountMax ids. Bytes that
  // are not UTF-8 are dropped. Linear in the text up to where the window is full.
  std::vector<TokenId> Encode(std::string_view text) const;

  const Vocabulary& vocabulary() const { return *vocabulary_; }

 private:
  std::unique_ptr<Vocabulary> vocabulary_;
};

}  // namespace datastorage
