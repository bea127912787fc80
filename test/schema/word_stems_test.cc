#include "schema/word_stems.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace datastorage::schema {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(WordStems, AreLettersAndDigitsInLowerCaseWithoutAccents) {
  EXPECT_THAT(StemmedWords(""), IsEmpty());
  EXPECT_THAT(StemmedWords(" \xE2\x80\x94 \xF0\x9F\x98\x80 ._-"), IsEmpty());
  EXPECT_THAT(StemmedWords("Pods were OOMKilled (x2), e1234-5678"),
              ElementsAre("pod", "were", "oomkil", "x2", "e1234", "5678"));
  EXPECT_THAT(StemmedWords("java.lang.OutOfMemoryError/a_b"),
              ElementsAre("java", "lang", "outofmemoryerror", "a", "b"));
  EXPECT_THAT(StemmedWords("CAF\xC3\x89 cafe\xCC\x81 \xC3\x85ngstr\xC3\xB6m \xC4\xB0"),
              ElementsAre("cafe", "cafe", "angstrom", "i"));
  EXPECT_THAT(StemmedWords("\xCE\x91\xCE\xB8\xCE\xAE\xCE\xBD\xCE\xB1 \xE9\x9B\x86\xE7\xBE\xA4"),
              ElementsAre("\xCE\xB1\xCE\xB8\xCE\xAE\xCE\xBD\xCE\xB1", "\xE9\x9B\x86\xE7\xBE\xA4"));
}

TEST(WordStems, AreBoundedAndStayUtf8) {
  std::string text = "a";
  for (int i = 0; i < 2'000; ++i) text += "\xE9\x9B\x86";
  const std::vector<std::string> words = StemmedWords(text);
  ASSERT_EQ(words.size(), 1U);
  EXPECT_LE(words[0].size(), kStemByteCountMax);
  EXPECT_EQ(words[0], text.substr(0, words[0].size()));
  EXPECT_EQ((words[0].size() - 1) % 3, 0U);
  // What is no UTF-8 separates.
  EXPECT_THAT(StemmedWords("one\xFFtwo\xC3"), ElementsAre("on", "two"));
}

}  // namespace
}  // namespace datastorage::schema
