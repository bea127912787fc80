#include "minilm/batch_plan.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <random>

namespace datastorage {
namespace {

using testing::ElementsAre;

TEST(PlanBatches, PutsTextsOfNearlyOneLengthTogether) {
  const std::vector<std::size_t> lengths = {10, 200, 9, 100, 190, 5};
  EXPECT_THAT(PlanBatches(lengths),
              ElementsAre(ElementsAre(1, 4), ElementsAre(3), ElementsAre(0, 2), ElementsAre(5)));
}

TEST(PlanBatches, KeepsItsPromisesForAnyLengths) {
  std::mt19937 random(1);
  for (int run = 0; run < 500; ++run) {
    std::vector<std::size_t> lengths(std::uniform_int_distribution<std::size_t>(0, 64)(random));
    for (std::size_t& length : lengths) {
      length = std::uniform_int_distribution<std::size_t>(2, 256)(random);
    }
    std::vector<int> seen_count(lengths.size(), 0);
    for (const std::vector<std::size_t>& batch : PlanBatches(lengths)) {
      ASSERT_FALSE(batch.empty());
      const std::size_t longest = lengths[batch.front()];
      EXPECT_TRUE(batch.size() == 1 || batch.size() * longest <= kBatchTokenCountMax);
      for (const std::size_t index : batch) {
        ++seen_count[index];
        EXPECT_LE(lengths[index], longest);
        EXPECT_GE(8 * lengths[index], 7 * longest);
      }
    }
    EXPECT_THAT(seen_count, testing::Each(1));
  }
}

}  // namespace
}  // namespace datastorage
