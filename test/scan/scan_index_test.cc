#include "scan/scan_index.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <map>
#include <thread>
#include <vector>

#include "support/random_points.h"

namespace datastorage {
namespace {

VectorWrite Tombstone(RecordId id, Stamp stamp) {
  return {id, stamp, std::nullopt, {}};
}

std::vector<VectorWrite> Points(RandomPoints& random, std::size_t count) {
  std::vector<VectorWrite> writes;
  for (std::size_t i = 0; i < count; ++i) writes.push_back(random.Point(1));
  return writes;
}

std::vector<ApplyResult> Apply(ScanIndex& index, const std::vector<VectorWrite>& writes) {
  auto results = index.Apply(writes, Deadline::Never());
  EXPECT_TRUE(results.has_value());
  return results.has_value() ? *std::move(results) : std::vector<ApplyResult>{};
}

TEST(ScanIndex, RefusesOnePointTooManyButTakesUpdatesAndDeletions) {
  RandomPoints random(1);
  ScanIndex index({.point_count_max = 3});
  std::vector<VectorWrite> writes = Points(random, 4);
  const auto full = index.Apply(writes, Deadline::Never());
  ASSERT_FALSE(full.has_value());
  EXPECT_EQ(full.error().code, ErrorCode::kResourceExhausted);
  EXPECT_EQ(index.Size(), 3);

  const VectorWrite fourth = writes[3];
  writes[1].stamp = 2;
  EXPECT_EQ(Apply(index, {writes[1]}).at(0).held_stamp, 2);
  const std::array<VectorWrite, 2> mixed{fourth, Tombstone(writes[0].id, 2)};
  EXPECT_FALSE(index.Apply(mixed, Deadline::Never()).has_value());
  EXPECT_EQ(index.Size(), 2);
  EXPECT_EQ(Apply(index, {fourth}).at(0).status, ApplyStatus::kApplied);
  EXPECT_EQ(index.Size(), 3);
}

// Without compaction the table would overflow its row_count_max many times over.
TEST(ScanIndex, StaysWithinItsMemoryUnderEndlessUpdatesAndDeletions) {
  RandomPoints random(2);
  ScanIndex index({.point_count_max = 50});
  std::vector<VectorWrite> points = Points(random, 50);
  std::map<RecordId, Stamp> expected;
  for (Stamp stamp = 2; stamp < 40'000; ++stamp) {
    VectorWrite& point = points[random.Below(points.size())];
    const bool is_deletion = random.Below(5) == 0;
    point.stamp = stamp;
    Apply(index, {is_deletion ? Tombstone(point.id, stamp) : point});
    expected.erase(point.id);
    if (!is_deletion) expected[point.id] = stamp;
  }
  const auto found = index.Nearest(random.Unit(), {}, 100, Deadline::Never());
  ASSERT_TRUE(found.has_value());
  std::map<RecordId, Stamp> listed;
  for (const Neighbor& hit : found->hits) EXPECT_TRUE(listed.emplace(hit.id, hit.stamp).second);
  EXPECT_EQ(listed, expected);
  EXPECT_EQ(index.Size(), static_cast<std::int64_t>(expected.size()));
}

TEST(ScanIndex, ForgetsTheOldestTombstonesBeyondItsBound) {
  RandomPoints random(3);
  ScanIndex index({.point_count_max = 10, .tombstone_count_max = 2});
  const std::vector<VectorWrite> points = Points(random, 3);
  for (const VectorWrite& point : points) Apply(index, {Tombstone(point.id, 9)});
  EXPECT_EQ(Apply(index, {points[2]}).at(0).status, ApplyStatus::kSuperseded);
  EXPECT_EQ(Apply(index, {points[1]}).at(0).status, ApplyStatus::kSuperseded);
  EXPECT_EQ(Apply(index, {points[0]}).at(0).status, ApplyStatus::kApplied);
}

// A point written anew after its tombstone is not forgotten with the tombstone.
TEST(ScanIndex, KeepsAPointThatReplacedATombstone) {
  RandomPoints random(4);
  ScanIndex index({.point_count_max = 10, .tombstone_count_max = 1});
  VectorWrite point = random.Point(20);
  Apply(index, {Tombstone(point.id, 9), point, Tombstone(random.Id(), 30)});
  EXPECT_EQ(index.Size(), 1);
  point.stamp = 15;
  EXPECT_EQ(Apply(index, {point}).at(0).held_stamp, 20);
}

// Each look at the clock takes a second.
class TickingClock final : public Clock {
 public:
  SteadyTime Now() const override {
    ++tick_count_;
    return SteadyTime(Duration(1'000'000 * tick_count_));
  }
  WallTime WallNow() const override { return WallTime(); }

 private:
  mutable std::int64_t tick_count_ = 0;
};

TEST(ScanIndex, StopsBetweenBlocksWhenTheDeadlinePasses) {
  RandomPoints random(5);
  const TickingClock clock;
  ScanIndex index({}, clock);
  Apply(index, Points(random, std::size_t{3} * scan::kBlockRowCount));
  const Deadline after_two_looks = Deadline::In(Duration(2'500'000), clock);
  const auto late = index.Nearest(random.Unit(), {}, 10, after_two_looks);
  ASSERT_FALSE(late.has_value());
  EXPECT_EQ(late.error().code, ErrorCode::kDeadlineExceeded);
  const Deadline after_three_looks = Deadline::In(Duration(3'500'000), clock);
  EXPECT_TRUE(index.Nearest(random.Unit(), {}, 10, after_three_looks).has_value());
}

// A writer of its own points updates, deletes and revives them, so fast that the table is
// compacted again and again. What it was told is published to the readers, who must agree.
class Churn {
 public:
  static constexpr std::size_t kPointCount = 60;

  void Write(std::size_t writer, std::size_t writer_count, int write_count) {
    RandomPoints random(writer);
    for (int i = 0; i < write_count; ++i) {
      const std::size_t p = random.Below(kPointCount / writer_count) * writer_count + writer;
      VectorWrite write = points_[p];
      write.stamp = acknowledged_[p].load() + 1;
      const bool is_deletion = write.stamp % 4 == 0;
      if (is_deletion) write.embedding.reset();
      begun_[p] = write.stamp;
      ASSERT_TRUE(index_.Apply({&write, 1}, Deadline::Never()).has_value());
      acknowledged_[p] = write.stamp;
    }
  }

  // One search. The stamp shown lies between what was acknowledged before it and what was begun
  // before it ended; a point may be absent only if one of those stamps is a deletion.
  void Check(const Embedding& query) {
    std::array<Stamp, kPointCount> before{};
    for (std::size_t p = 0; p < kPointCount; ++p) before[p] = acknowledged_[p];
    const auto found = index_.Nearest(query, {}, 200, Deadline::Never());
    ASSERT_TRUE(found.has_value());
    std::map<RecordId, Stamp> listed;
    for (const Neighbor& hit : found->hits) {
      ASSERT_TRUE(listed.emplace(hit.id, hit.stamp).second) << "listed twice";
    }
    for (std::size_t p = 0; p < kPointCount; ++p) {
      const Stamp after = begun_[p];
      const auto hit = listed.find(points_[p].id);
      if (hit == listed.end()) {
        ASSERT_TRUE(before[p] == 0 || before[p] / 4 != after / 4 || before[p] % 4 == 0)
            << "neither version " << before[p] << " … " << after;
        continue;
      }
      ASSERT_GE(hit->second, before[p]);
      ASSERT_LE(hit->second, after);
      ASSERT_NE(hit->second % 4, 0);
    }
  }

  ScanIndex& index() { return index_; }

 private:
  RandomPoints random_{6};
  const std::vector<VectorWrite> points_ = Points(random_, kPointCount);
  ScanIndex index_{{.point_count_max = kPointCount}};
  std::array<std::atomic<Stamp>, kPointCount> acknowledged_{};
  std::array<std::atomic<Stamp>, kPointCount> begun_{};
};

TEST(ScanIndex, ShowsOneInstantWhileItIsWrittenAndCompacted) {
  Churn churn;
  std::atomic<int> writers_left = 2;
  std::atomic<int> search_count = 0;
  std::vector<std::thread> threads;
  for (std::size_t writer = 0; writer < 2; ++writer) {
    threads.emplace_back([&, writer] {
      churn.Write(writer, 2, 15'000);
      --writers_left;
    });
  }
  for (std::uint64_t reader = 0; reader < 2; ++reader) {
    threads.emplace_back([&, reader] {
      const Embedding query = RandomPoints(reader + 50).Unit();
      while (writers_left > 0 && !testing::Test::HasFailure()) {
        churn.Check(query);
        ++search_count;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_GT(search_count, 10);
}

}  // namespace
}  // namespace datastorage
