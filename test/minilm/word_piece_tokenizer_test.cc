#include "minilm/word_piece_tokenizer.h"

#include <gmock/gmock.h>

#include <fstream>
#include <sstream>

#include "minilm/reference.h"

namespace datastorage {
namespace {

using testing::ElementsAre;

WordPieceTokenizer MakeTokenizer(const std::string& text) {
  auto vocabulary = Vocabulary::Parse(text);
  EXPECT_TRUE(vocabulary.has_value());
  return WordPieceTokenizer(*std::move(vocabulary));
}

std::string PublishedVocabulary() {
  std::ifstream file(minilm_test::ModelDirectory() + "/vocab.txt");
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

// Ids:                          0      1      2      3      4      5  6  7   8
constexpr auto kSmallVocabulary = "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\nab\na\n##b\n##c\n";

TEST(WordPieceTokenizer, EqualsThePublishedTokenizer) {
  const auto reference = minilm_test::RunReference("tokenizer_reference.py");
  ASSERT_GE(reference.size(), 20'000u);
  const WordPieceTokenizer tokenizer = MakeTokenizer(PublishedVocabulary());
  int different_count = 0;
  for (const auto& [text, ids, vector] : reference) {
    if (tokenizer.Encode(text) == ids) continue;
    ++different_count;
    EXPECT_EQ(tokenizer.Encode(text), ids) << testing::PrintToString(text);
    ASSERT_LT(different_count, 20) << "and more";
  }
}

TEST(WordPieceTokenizer, TakesTheLongestPieceAndKnowsAWordWhollyOrNotAtAll) {
  const WordPieceTokenizer tokenizer = MakeTokenizer(kSmallVocabulary);
  EXPECT_THAT(tokenizer.Encode("abc"), ElementsAre(2, 5, 8, 3));
  EXPECT_THAT(tokenizer.Encode("acb"), ElementsAre(2, 6, 8, 7, 3));
  EXPECT_THAT(tokenizer.Encode("abx"), ElementsAre(2, 1, 3));
}

TEST(WordPieceTokenizer, StopsAtTheWindow) {
  const WordPieceTokenizer tokenizer = MakeTokenizer(kSmallVocabulary);
  std::string text;
  for (int i = 0; i < 10'000; ++i) text += "abcbcbc ";
  const std::vector<TokenId> ids = tokenizer.Encode(text);
  EXPECT_EQ(ids.size(), kMiniLmTokenCountMax);
  EXPECT_EQ(ids.front(), 2);
  EXPECT_EQ(ids.back(), 3);
}

TEST(WordPieceTokenizer, DropsBytesThatAreNotText) {
  const WordPieceTokenizer tokenizer = MakeTokenizer(kSmallVocabulary);
  EXPECT_EQ(tokenizer.Encode("a\xff\xc3"
                             "b\xe2\x82"),
            tokenizer.Encode("ab"));
}

}  // namespace
}  // namespace datastorage
