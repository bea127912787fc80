#include "postgres/segment_codes.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <set>

#include "support/random_points.h"

namespace datastorage::postgres {
namespace {

using testing::ElementsAre;

constexpr std::int64_t kBlock = sizeof(CodedSegment::Block);
constexpr auto kRows = static_cast<std::int64_t>(CodedSegment::kBlockRowCount);

Deadline Later() {
  return Deadline::In(std::chrono::minutes(1));
}

struct Points {
  std::shared_ptr<const CodedSegment> Segment(std::int64_t number, int count) {
    auto segment = std::make_shared<CodedSegment>(number);
    for (int i = 0; i < count; ++i) {
      vectors.push_back(random.Unit());
      ids.push_back(random.Id());
      segment->Add(ids.back(), vectors.back());
    }
    return segment;
  }

  RandomPoints random{11};
  std::vector<Embedding> vectors;
  std::vector<Uuid> ids;
};

std::shared_ptr<const CodedSegment> Empty(const BodySegment& segment) {
  return std::make_shared<CodedSegment>(segment.number);
}

// The nearest by exact scores are among the half more that the codes give; of several blocks, and
// of one that is not full.
TEST(SegmentCodesTest, FindsTheNearestOfAllSegments) {
  Points points;
  const CodedSegments segments{points.Segment(3, 2'500), points.Segment(7, 900)};
  EXPECT_EQ(segments.front()->row_count(), 2'500);
  for (int trial = 0; trial < 20; ++trial) {
    const Embedding query = points.random.Unit();
    std::vector<std::pair<float, std::size_t>> ranked;
    for (std::size_t i = 0; i < points.ids.size(); ++i) {
      ranked.emplace_back(-Dot(query, points.vectors[i]), i);
    }
    std::sort(ranked.begin(), ranked.end());
    const auto candidates = NearestByCodes(query, segments, 60, Later()).value();
    ASSERT_EQ(candidates.size(), 60U);
    std::set<std::pair<Uuid, std::int64_t>> found;
    for (const Candidate& each : candidates) found.emplace(each.id, each.segment);
    ASSERT_EQ(found.size(), 60U);
    for (std::size_t i = 0; i < 40; ++i) {
      const std::size_t number = ranked[i].second;
      EXPECT_TRUE(found.contains({points.ids[number], number < 2'500 ? 3 : 7}));
    }
  }
}

TEST(SegmentCodesTest, GivesAllWhereThereAreNoMore) {
  Points points;
  const CodedSegments segments{points.Segment(1, 30), points.Segment(2, 20)};
  EXPECT_EQ(NearestByCodes(points.vectors[0], segments, 50, Later()).value().size(), 50U);
  EXPECT_EQ(NearestByCodes(points.vectors[0], segments, 80, Later()).value().size(), 50U);
  EXPECT_TRUE(NearestByCodes(points.vectors[0], {}, 80, Later()).value().empty());
  const auto late = NearestByCodes(points.vectors[0], segments, 5, Deadline::In(Duration{0}));
  EXPECT_EQ(late.error().code, ErrorCode::kDeadlineExceeded);
}

TEST(SegmentCodesTest, AsksForTheLargestThatFit) {
  SegmentCodes codes(5 * kBlock);
  const BodySegment rest{0, 10 * kRows, 0}, old{8, kRows, 0};
  const BodySegment huge{1, 6 * kRows, 21}, large{2, 3 * kRows, 22}, middle{3, 3 * kRows, 23};
  const BodySegment small{4, kRows, 24}, tiny{5, 1, 25};
  const std::vector<BodySegment> live{rest, huge, large, middle, small, tiny, old};
  std::vector<std::int64_t> taken;
  while (const auto next = codes.Next(live)) {
    taken.push_back(next->number);
    codes.Add(*next, Empty(*next));
  }
  EXPECT_THAT(taken, ElementsAre(2, 4, 5));
  EXPECT_EQ(codes.Held(live).size(), 3U);
}

TEST(SegmentCodesTest, LetsGoOfWhatIsNotLiveAndOfAnotherOfThatNumber) {
  SegmentCodes codes(100 * kBlock);
  Points points;
  const BodySegment one{1, 10, 21}, two{2, 20, 22}, again{1, 10, 31};
  codes.Add(one, points.Segment(1, 10));
  codes.Add(two, points.Segment(2, 20));
  EXPECT_EQ(codes.RowCount(), 30);
  EXPECT_TRUE(codes.Held(std::vector{again}).empty());
  const auto next = codes.Next(std::vector{again, two});
  ASSERT_TRUE(next.has_value());
  EXPECT_EQ(next->made, 31);
  EXPECT_EQ(codes.RowCount(), 20);
  EXPECT_EQ(codes.Held(std::vector{one, two}).size(), 1U);
  EXPECT_FALSE(codes.Next({}).has_value());
  EXPECT_EQ(codes.RowCount(), 0);
}

}  // namespace
}  // namespace datastorage::postgres
