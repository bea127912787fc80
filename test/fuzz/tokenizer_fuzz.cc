// Fuzz: any bytes become between two and 256 known tokens, framed by [CLS] and [SEP].
// Links: ds_minilm
#include <cstdint>
#include <fstream>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "base/check.h"
#include "minilm/word_piece_tokenizer.h"

namespace {

datastorage::WordPieceTokenizer Load() {
  std::ifstream file(DS_SOURCE_DIR "/.deps/minilm/vocab.txt");
  std::stringstream text;
  text << file.rdbuf();
  auto vocabulary = datastorage::Vocabulary::Parse(text.str());
  DS_CHECK(vocabulary.has_value());
  return datastorage::WordPieceTokenizer(*std::move(vocabulary));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  static const datastorage::WordPieceTokenizer tokenizer = Load();
  const std::vector<datastorage::TokenId> tokens =
      tokenizer.Encode({reinterpret_cast<const char*>(bytes), size});
  const datastorage::Vocabulary& vocabulary = tokenizer.vocabulary();
  DS_CHECK(tokens.size() >= 2 && tokens.size() <= datastorage::kMiniLmTokenCountMax);
  DS_CHECK(tokens.front() == vocabulary.start());
  DS_CHECK(tokens.back() == vocabulary.separator());
  for (const datastorage::TokenId token : tokens) {
    DS_CHECK(token >= 0 && static_cast<std::size_t>(token) < vocabulary.piece_count());
  }
  return 0;
}
