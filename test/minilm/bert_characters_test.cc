#include "minilm/bert_characters.h"

#include <gtest/gtest.h>

namespace datastorage::bert {
namespace {

// The whole range is compared with the published tokenizer in word_piece_tokenizer_test.cc; here
// are the characters whose class in newer Unicode versions is another.
TEST(BertCharacters, ClassifiesByTheTablesOfUnicode8) {
  EXPECT_TRUE(IsPunctuation(0x166D));   // CANADIAN SYLLABICS CHI SIGN, a symbol since 12.
  EXPECT_TRUE(IsPunctuation(0x111C9));  // SHARADA SANDHI MARK, a mark since 11.
  EXPECT_FALSE(IsNonspacingMark(0x111C9));
  EXPECT_TRUE(IsNonspacingMark(0x1734));   // HANUNOO SIGN PAMUDPOD, spacing since 14.
  EXPECT_FALSE(IsNonspacingMark(0x1885));  // MONGOLIAN LETTER ALI GALI BALUDA, a letter before 9.
  EXPECT_FALSE(IsNonspacingMark(0xA9BD));  // JAVANESE CONSONANT SIGN KERET, spacing before 11.
  EXPECT_FALSE(IsNonspacingMark(0x8D4));   // ARABIC SMALL HIGH WORD AR-RUB, new in 9.
  EXPECT_FALSE(IsPunctuation(0x2E43));     // DASH WITH LEFT UPTURN, new in 9.
  EXPECT_FALSE(IsDropped(0x8E2));          // ARABIC DISPUTED END OF AYAH, new in 9.
}

TEST(BertCharacters, DropsWhatHasNoMeaningButKeepsLineBreaks) {
  for (const UChar32 c : {0x0,
                          0x8,
                          0xB,
                          0x7F,
                          0x85,
                          0xAD,
                          0x200B,
                          0xFEFF,
                          0xFFFD,
                          0xE000,
                          0xE0001,
                          0xF0000,
                          0x10FFFD}) {
    EXPECT_TRUE(IsDropped(c)) << std::hex << c;
  }
  for (const UChar32 c : {0x9, 0xA, 0xD, 0x20, 0xA0, 0x2028, 0x378}) {
    EXPECT_FALSE(IsDropped(c)) << std::hex << c;
  }
}

TEST(BertCharacters, CountsAsciiSymbolsAsPunctuation) {
  for (const char c : {'$', '+', '<', '=', '>', '^', '`', '|', '~'}) {
    EXPECT_TRUE(IsPunctuation(c)) << c;
  }
  EXPECT_FALSE(IsPunctuation(0x20AC));  // EURO SIGN: beyond ASCII, symbols are not.
}

}  // namespace
}  // namespace datastorage::bert
