#include "scan/text_dictionary.h"

#include <gtest/gtest.h>

#include <string>
#include <thread>

namespace datastorage::scan {
namespace {

std::string Text(std::uint32_t number) {
  return "text " + std::to_string(number);
}

TEST(TextDictionary, NumbersDistinctTextsFromOne) {
  TextDictionary texts;
  EXPECT_EQ(texts.size(), 0u);
  EXPECT_EQ(texts.NumberOf("a"), 1u);
  EXPECT_EQ(texts.NumberOf(""), 2u);
  EXPECT_EQ(texts.NumberOf("a"), 1u);
  EXPECT_EQ(texts.size(), 2u);
  EXPECT_EQ(texts.TextOf(2), "");
}

// Across many chunks, while a reader follows: each number that was published has its text.
TEST(TextDictionary, ShowsEveryPublishedTextToAReaderBeside) {
  constexpr std::uint32_t kCount = 20'000;
  TextDictionary texts;
  std::thread reader([&texts] {
    for (std::uint32_t seen = 0; seen < kCount;) {
      const std::uint32_t size = texts.size();
      for (; seen < size; ++seen) ASSERT_EQ(texts.TextOf(seen + 1), Text(seen + 1));
      std::this_thread::yield();
    }
  });
  for (std::uint32_t number = 1; number <= kCount; ++number) {
    ASSERT_EQ(texts.NumberOf(Text(number)), number);
  }
  reader.join();
  for (std::uint32_t number = 1; number <= kCount; ++number) {
    ASSERT_EQ(texts.NumberOf(Text(number)), number);
  }
  EXPECT_EQ(texts.size(), kCount);
}

}  // namespace
}  // namespace datastorage::scan
