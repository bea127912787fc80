#include "minilm/batch_plan.h"

#include <gmock/gmock.h>

#include <bit>
#include <random>
#include <set>

namespace datastorage {
namespace {

using testing::ElementsAre;

TEST(PlanBatches, PutsTextsOfNearlyOneLengthTogether) {
  const std::vector<std::size_t> lengths = {10, 200, 9, 100, 197, 5};
  const std::vector<TextBatch> batches = PlanBatches(lengths);
  ASSERT_EQ(batches.size(), 4u);
  EXPECT_EQ(batches[0].padded_length, 200u);
  EXPECT_THAT(batches[0].indices, ElementsAre(1, 4));
  EXPECT_EQ(batches[1].padded_length, 104u);
  EXPECT_THAT(batches[1].indices, ElementsAre(3));
  EXPECT_EQ(batches[2].padded_length, 16u);
  EXPECT_THAT(batches[2].indices, ElementsAre(0, 2));
  EXPECT_THAT(batches[3].indices, ElementsAre(5));
}

// The number of shapes is what bounds the runtime's memory.
TEST(PlanBatches, KeepsItsPromisesForAnyLengths) {
  std::mt19937 random(1);
  std::set<std::pair<std::size_t, std::size_t>> shapes;
  for (int run = 0; run < 2'000; ++run) {
    std::vector<std::size_t> lengths(std::uniform_int_distribution<std::size_t>(0, 32)(random));
    const std::size_t length_max = std::uniform_int_distribution<std::size_t>(2, 256)(random);
    for (std::size_t& length : lengths) {
      length = std::uniform_int_distribution<std::size_t>(2, length_max)(random);
    }
    std::vector<int> seen_count(lengths.size(), 0);
    for (const auto& [padded_length, indices] : PlanBatches(lengths)) {
      shapes.emplace(padded_length, indices.size());
      EXPECT_TRUE(std::has_single_bit(indices.size()));
      EXPECT_TRUE(indices.size() == 1 || indices.size() * padded_length <= kBatchTokenCountMax);
      for (const std::size_t index : indices) {
        ++seen_count[index];
        EXPECT_LE(lengths[index], padded_length);
        EXPECT_GT(lengths[index] + 8, padded_length);
      }
    }
    EXPECT_THAT(seen_count, testing::Each(1));
  }
  EXPECT_LE(shapes.size(), 100u);
  EXPECT_GE(shapes.size(), 60u);
}

}  // namespace
}  // namespace datastorage
