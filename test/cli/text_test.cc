#include "cli/text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace datastorage::cli {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(Text, MakesControlCharactersVisible) {
  EXPECT_EQ(OneLine("a\x1b[31mred\x07"), "a\\u{1b}[31mred\\u{7}");
  EXPECT_EQ(OneLine("c1: \u009b2J, del: \x7f"), "c1: \\u{9b}2J, del: \\u{7f}");
  EXPECT_EQ(OneLine("abc\u202Etxt\u2066"), "abc\\u{202e}txt\\u{2066}");
  EXPECT_EQ(OneLine("one\ntwo\tthree\r\n"), "one two three  ");
  EXPECT_EQ(Lines("one\ntwo\x1b"), "one\ntwo\\u{1b}");
  EXPECT_EQ(OneLine("größe 日本 🙂"), "größe 日本 🙂");
}

TEST(Text, CountsColumns) {
  EXPECT_EQ(DisplayWidth(""), 0U);
  EXPECT_EQ(DisplayWidth("größe"), 5U);
  EXPECT_EQ(DisplayWidth("日本"), 4U);
  EXPECT_EQ(DisplayWidth("🙂!"), 3U);
  EXPECT_EQ(DisplayWidth("e\u0301"), 1U);
}

TEST(Text, CutsToColumnsNotBytes) {
  EXPECT_EQ(CutToWidth("größe", 5), "größe");
  EXPECT_EQ(CutToWidth("größer", 5), "größ…");
  EXPECT_EQ(CutToWidth("日本語", 5), "日本…");
  EXPECT_EQ(CutToWidth("日本語", 4), "日…");
  EXPECT_EQ(CutToWidth("ab cd", 4), "ab…");
  EXPECT_EQ(CutToWidth("abc", 0), "");
}

TEST(Text, PadsToColumns) {
  EXPECT_EQ(PadRight("日", 4), "日  ");
  EXPECT_EQ(PadLeft("ü", 3), "  ü");
  EXPECT_EQ(PadLeft("long", 2), "long");
}

TEST(Text, WrapsAtSpaces) {
  EXPECT_THAT(Wrap("the quick brown fox", 10, 9), ElementsAre("the quick", "brown fox"));
  EXPECT_THAT(Wrap("the quick brown fox", 9, 9), ElementsAre("the quick", "brown fox"));
  EXPECT_THAT(Wrap("abcdefghij", 4, 9), ElementsAre("abcd", "efgh", "ij"));
  EXPECT_THAT(Wrap("the quick brown fox jumps", 10, 2), ElementsAre("the quick", "brown fox…"));
  EXPECT_THAT(Wrap("日本語", 1, 2), ElementsAre("日", "…"));
  EXPECT_THAT(Wrap("", 10, 2), IsEmpty());
}

// Whatever the text, no line is wider than asked and nothing but spaces is lost.
TEST(Text, WrapsAnythingWithinTheWidth) {
  std::string text;
  for (int i = 0; i < 300; ++i) {
    text += (i % 7 == 0) ? " " : (i % 11 == 0) ? "日" : (i % 5 == 0) ? "ü" : "x";
    for (std::size_t width = 2; width < 12; ++width) {
      std::string joined;
      for (const std::string& line : Wrap(text, width, 1'000)) {
        EXPECT_LE(DisplayWidth(line), width);
        joined += line;
      }
      std::string expected = text;
      std::erase(expected, ' ');
      std::erase(joined, ' ');
      ASSERT_EQ(joined, expected);
    }
  }
}

}  // namespace
}  // namespace datastorage::cli
