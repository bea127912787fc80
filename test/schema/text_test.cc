#include "schema/text.h"

#include <gtest/gtest.h>

namespace datastorage::schema {
namespace {

TEST(Text, KnowsWhatIsUtf8) {
  for (const std::string_view text : {std::string_view(""),
                                      std::string_view("a\0b", 3),
                                      std::string_view("\x7f\xc2\x80\xdf\xbf\xe0\xa0\x80"),
                                      std::string_view("\xed\x9f\xbf\xee\x80\x80\xef\xbf\xbf"),
                                      std::string_view("\xf0\x90\x80\x80\xf4\x8f\xbf\xbf")}) {
    EXPECT_TRUE(IsUtf8(text)) << text;
  }
  for (const char* const bytes : {"\x80",
                                  "\xc0\x80",
                                  "\xc1\xbf",
                                  "\xc2",
                                  "a\xc2z",
                                  "\xe0\x9f\xbf",
                                  "\xed\xa0\x80",
                                  "\xe2\x82",
                                  "\xf0\x8f\xbf\xbf",
                                  "\xf4\x90\x80\x80",
                                  "\xf0\x9f\x98",
                                  "\xf5\x80\x80\x80",
                                  "\xff"}) {
    EXPECT_FALSE(IsUtf8(bytes)) << bytes;
  }
}

TEST(Text, CountsCodePoints) {
  EXPECT_EQ(CodePointCount(""), 0U);
  EXPECT_EQ(CodePointCount("aé漢😀"), 4U);
  EXPECT_EQ(CodePointCount("e\u0301"), 2U);
}

TEST(Text, IsCutBetweenCodePoints) {
  EXPECT_EQ(CodePointPrefix("aé漢😀", 0), "");
  EXPECT_EQ(CodePointPrefix("aé漢😀", 3), "aé漢");
  EXPECT_EQ(CodePointPrefix("aé漢😀", 4), "aé漢😀");
  EXPECT_EQ(CodePointPrefix("aé漢😀", 9), "aé漢😀");
}

TEST(Text, IsBlankByTheUnicodeProperty) {
  // All 25 characters with the property White_Space.
  EXPECT_TRUE(
      IsBlank("\t\n\v\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006"
              "\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000"));
  EXPECT_TRUE(IsBlank(""));
  for (const char* text : {"a", " a ", "\u200b", "\ufeff", "\u180e", "\x1f", "😀", "\u3000漢"}) {
    EXPECT_FALSE(IsBlank(text)) << text;
  }
  EXPECT_FALSE(IsBlank(std::string_view("\0", 1)));
}

TEST(Text, DoesNoHarmWithOtherBytes) {
  const std::string bytes(100, '\x83');
  EXPECT_EQ(CodePointCount(bytes), 0U);
  EXPECT_EQ(CodePointPrefix(bytes, 1), bytes);
  EXPECT_FALSE(IsBlank(bytes));
}

}  // namespace
}  // namespace datastorage::schema
