#include "schema/text.h"

#include <gtest/gtest.h>

namespace datastorage::schema {
namespace {

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
