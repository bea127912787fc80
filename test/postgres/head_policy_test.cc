#include "postgres/head_policy.h"

#include <gtest/gtest.h>

namespace datastorage::postgres {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

SteadyTime At(Duration since) {
  return SteadyTime() + since;
}

TEST(HeadPolicy, LeavesFewVectorsAloneUntilNoneCameForAWhile) {
  HeadPolicy policy({.segment_row_count = 160, .head_count_max = 640, .rest = seconds(10)});
  EXPECT_EQ(policy.Next(At(seconds(100))), HeadWork::kNothing) << "nothing is known";
  policy.NoteCount(5, At(seconds(100)));
  EXPECT_EQ(policy.Next(At(milliseconds(109'999))), HeadWork::kNothing);
  policy.NoteCount(6, At(seconds(109)));
  EXPECT_EQ(policy.Next(At(seconds(111))), HeadWork::kNothing) << "one came";
  policy.NoteCount(6, At(seconds(119)));
  EXPECT_EQ(policy.Next(At(seconds(119))), HeadWork::kMove);
  EXPECT_FALSE(policy.IsAtRest(At(seconds(118))));
  EXPECT_TRUE(policy.IsAtRest(At(seconds(119))));
  policy.NoteMoved(4);
  policy.NoteCount(2, At(seconds(120)));
  EXPECT_EQ(policy.Next(At(seconds(120))), HeadWork::kMove) << "none came while they were moved";
  policy.NoteMoved(2);
  EXPECT_EQ(policy.Next(At(seconds(120))), HeadWork::kNothing);
  policy.NoteCount(1, At(seconds(121)));
  EXPECT_EQ(policy.Next(At(seconds(121))), HeadWork::kNothing) << "this one is new";
}

TEST(HeadPolicy, LeavesTheProcessorToTheBuilderWhileTheHeadFillsUp) {
  HeadPolicy policy({.segment_row_count = 160,
                     .head_count_max = 640,
                     .segment_count_max = 4,
                     .rest = seconds(10)});
  policy.NoteCount(100, At(seconds(1)));
  EXPECT_FALSE(policy.MayMerge(3, At(seconds(1))));
  EXPECT_TRUE(policy.MayMerge(3, At(seconds(11)))) << "at rest";
  EXPECT_TRUE(policy.MayMerge(4, At(seconds(1))));
  policy.NoteCount(320, At(seconds(2)));
  EXPECT_FALSE(policy.MayMerge(7, At(seconds(2))));
  EXPECT_TRUE(policy.MayMerge(8, At(seconds(2)))) << "searches look in each";
}

TEST(HeadPolicy, BuildsASmallSegmentOfWhatIsNotLittleAtRest) {
  HeadPolicy policy({.segment_row_count = 1'600, .head_count_max = 8'000, .rest = seconds(10)});
  policy.NoteCount(100, At(seconds(1)));
  EXPECT_EQ(policy.Next(At(seconds(10))), HeadWork::kNothing);
  EXPECT_EQ(policy.Next(At(seconds(11))), HeadWork::kBuild);
  policy.NoteMoved(1);
  EXPECT_EQ(policy.Next(At(seconds(11))), HeadWork::kMove);
}

TEST(HeadPolicy, BuildsSegmentsButNotInABurstThatTheHeadHasRoomFor) {
  HeadPolicy policy({.segment_row_count = 1'000, .head_count_max = 8'000, .rest = seconds(10)});
  const auto next = [&](std::int64_t count, Duration since) {
    policy.NoteCount(count, At(since));
    return policy.Next(At(since));
  };
  EXPECT_EQ(next(0, seconds(1)), HeadWork::kNothing);
  EXPECT_EQ(next(999, seconds(3)), HeadWork::kNothing);
  EXPECT_EQ(next(1'000, seconds(4)), HeadWork::kBuild) << "they come slowly";
  EXPECT_EQ(next(3'000, seconds(5)), HeadWork::kNothing) << "a burst";
  EXPECT_EQ(next(3'100, seconds(6)), HeadWork::kBuild) << "it is over";
  EXPECT_EQ(next(4'100, seconds(7)), HeadWork::kBuild) << "half full";
  policy.NoteMoved(1'000);
  EXPECT_EQ(policy.Next(At(seconds(7))), HeadWork::kNothing) << "room again";
  EXPECT_EQ(next(3'200, seconds(8)), HeadWork::kBuild);
}

}  // namespace
}  // namespace datastorage::postgres
