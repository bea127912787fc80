#include "postgres/vector_mark.h"

#include <gtest/gtest.h>

namespace datastorage::postgres {
namespace {

TEST(VectorMarkTest, ReadsSegments) {
  const std::vector<BodySegment> segments =
      SegmentsOf("0:17:0,3:8192:40013,12:512:9007199254740991");
  ASSERT_EQ(segments.size(), 3U);
  EXPECT_EQ(segments[0].row_count, 17);
  EXPECT_EQ(segments[1].number, 3);
  EXPECT_EQ(segments[1].row_count, 8'192);
  EXPECT_EQ(segments[1].made, 40'013);
  EXPECT_EQ(segments[2].number, 12);
  EXPECT_EQ(segments[2].made, 9'007'199'254'740'991);
  EXPECT_TRUE(SegmentsOf("").empty());
}

TEST(VectorMarkTest, TellsASegmentFromAnotherOfItsNumber) {
  const BodySegment segment{.number = 3, .row_count = 10, .made = 5};
  EXPECT_TRUE(segment.IsSame({.number = 3, .row_count = 9, .made = 5}));
  EXPECT_FALSE(segment.IsSame({.number = 3, .row_count = 10, .made = 6}));
  EXPECT_FALSE(segment.IsSame({.number = 4, .row_count = 10, .made = 5}));
}

}  // namespace
}  // namespace datastorage::postgres
