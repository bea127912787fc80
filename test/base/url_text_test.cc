#include "base/url_text.h"

#include <gtest/gtest.h>

namespace datastorage {
namespace {

TEST(UrlText, DecodesEachByteOnce) {
  for (int byte = 0; byte < 256; ++byte) {
    for (const char* const digits : {"0123456789abcdef", "0123456789ABCDEF"}) {
      const std::string coded = {'<', '%', digits[byte / 16], digits[byte % 16], '>'};
      EXPECT_EQ(DecodePercent(coded), (std::string{'<', static_cast<char>(byte), '>'})) << coded;
    }
  }
  EXPECT_EQ(DecodePercent("%2541+"), "%41+");
  EXPECT_EQ(DecodePercent(""), "");
}

TEST(UrlText, RefusesAPercentThatBeginsNothing) {
  for (const char* const text : {"%", "a%4", "%4g", "%g4", "%%41", "%/0", "%:0", "%@0", "%`0"}) {
    EXPECT_EQ(DecodePercent(text), std::nullopt) << text;
  }
}

TEST(UrlText, IsTakenPartByPart) {
  std::string_view text = "a,,b";
  EXPECT_EQ(TakeUntil(text, ','), "a");
  EXPECT_EQ(TakeUntil(text, ','), "");
  EXPECT_EQ(TakeUntil(text, ','), "b");
  EXPECT_EQ(text, "");
  EXPECT_EQ(TakeUntil(text, ','), "");
}

TEST(UrlText, ReadsWholeNumbersWithinTheirBounds) {
  std::uint16_t port = 7;
  for (const char* const text : {"", "0", "65536", "1x", " 1", "+1", "99999999999999999999"}) {
    EXPECT_FALSE(ReadNumber(text, 1, 65'535, port)) << text;
  }
  EXPECT_EQ(port, 7);
  EXPECT_TRUE(ReadNumber("65535", 1, 65'535, port));
  EXPECT_EQ(port, 65'535);
}

}  // namespace
}  // namespace datastorage
