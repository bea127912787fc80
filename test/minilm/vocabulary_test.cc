#include "minilm/vocabulary.h"

#include <gtest/gtest.h>

namespace datastorage {
namespace {

TEST(Vocabulary, FindsPiecesByTheirPlaceInAWord) {
  const auto vocabulary = Vocabulary::Parse("[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\nab\r\n##ab\n##");
  ASSERT_TRUE(vocabulary.has_value());
  EXPECT_EQ((*vocabulary)->FindStart("ab"), 5);
  EXPECT_EQ((*vocabulary)->FindContinuation("ab"), 6);
  EXPECT_EQ((*vocabulary)->FindStart("##"), 7);
  EXPECT_EQ((*vocabulary)->FindStart("a"), std::nullopt);
  EXPECT_EQ((*vocabulary)->FindContinuation("b"), std::nullopt);
  EXPECT_EQ((*vocabulary)->piece_count(), 8u);
}

TEST(Vocabulary, FindsSpecialTokensAtTheStartOfAText) {
  const auto vocabulary = Vocabulary::Parse("[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\n");
  ASSERT_TRUE(vocabulary.has_value());
  const auto found = (*vocabulary)->FindSpecial("[MASK] and more");
  ASSERT_TRUE(found.has_value());
  EXPECT_EQ(found->id, 4);
  EXPECT_EQ(found->byte_count, 6u);
  EXPECT_FALSE((*vocabulary)->FindSpecial("a [MASK]").has_value());
  EXPECT_FALSE((*vocabulary)->FindSpecial("[mask]").has_value());
}

TEST(Vocabulary, NamesAllThatIsWrong) {
  const auto result = Vocabulary::Parse("[PAD]\n[UNK]\n[CLS]\na\na\n\n");
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(result.error().message,
            "read vocabulary: line 5 is empty or repeated; line 6 is empty or repeated; "
            "[SEP] is missing; [MASK] is missing");
}

}  // namespace
}  // namespace datastorage
