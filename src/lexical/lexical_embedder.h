// LexicalEmbedder: texts as hashed words and character n-grams. It finds shared words and
// spellings, not shared meaning; it needs no model and gives the same vector on every machine.
//
// Threads:     safe to call concurrently; keeps no state.
// Limitations: reads the first kLexicalByteCountMax bytes of a text.
#pragma once

#include <cstddef>
#include <string>

#include "ports/embedder.h"

namespace datastorage {

inline constexpr std::size_t kLexicalByteCountMax = 16u << 10;

class LexicalEmbedder final : public Embedder {
 public:
  std::string ModelId() const override;

  // The deadline is looked at before each text. Never kUnavailable or kInternal.
  Result<std::vector<Embedding>> Embed(std::span<const std::string_view> texts,
                                       Deadline deadline) override;

  // About its words: a token for every four bytes.
  int CostOf(std::string_view text) const override;
};

}  // namespace datastorage
