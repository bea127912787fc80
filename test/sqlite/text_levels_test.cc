#include "sqlite/text_levels.h"

#include <gtest/gtest.h>

namespace datastorage::sqlite {
namespace {

using Bytes = std::vector<std::uint8_t>;

// Cookie; `level_count` levels with one segment (5, 1, 900) in the last; 300 writes.
Bytes Structure(std::size_t level_count) {
  Bytes bytes = {0, 0, 0, 7};
  if (level_count >= 128) bytes.push_back(static_cast<std::uint8_t>(0x80U | (level_count >> 7U)));
  bytes.push_back(static_cast<std::uint8_t>(level_count & 0x7FU));
  for (const int number : {1, 0x82, 0x2C}) bytes.push_back(static_cast<std::uint8_t>(number));
  bytes.resize(bytes.size() + 2 * (level_count - 1));
  for (const int number : {0, 1, 5, 1, 0x87, 4}) bytes.push_back(static_cast<std::uint8_t>(number));
  return bytes;
}

TEST(TextLevels, LeavesTheSegmentAndRoomBelowIt) {
  for (const std::size_t level_count : {17U, 100U, 600U, 2'000U}) {
    EXPECT_EQ(FoldedTextStructure(Structure(level_count)), Structure(16)) << level_count;
  }
}

TEST(TextLevels, LeavesAloneWhatIsShortAndWhatItDoesNotKnow) {
  const auto is_left = [](const Bytes& bytes) { return !FoldedTextStructure(bytes).has_value(); };
  EXPECT_TRUE(is_left({}));
  EXPECT_TRUE(is_left(Bytes(600, 0xFF)));
  EXPECT_TRUE(is_left(Structure(1)));
  EXPECT_TRUE(is_left(Structure(16)));
  const Bytes whole = Structure(600);
  for (std::size_t length = 0; length < whole.size(); ++length) {
    EXPECT_TRUE(is_left(Bytes(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(length))));
  }
  // Not a level nor a number more, and none of those that are to be empty with anything in it.
  Bytes longer = whole;
  longer.push_back(0);
  EXPECT_TRUE(is_left(longer));
  constexpr std::size_t kFirstLevel = 9;
  for (std::size_t at = kFirstLevel; at + 6 < whole.size(); ++at) {
    Bytes occupied = whole;
    occupied[at] = 1;
    EXPECT_TRUE(is_left(occupied)) << at;
  }
  Bytes two_segments = whole;
  two_segments[6] = 2;
  EXPECT_TRUE(is_left(two_segments));
}

}  // namespace
}  // namespace datastorage::sqlite
