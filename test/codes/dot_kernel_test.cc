#include "codes/dot_kernel.h"

#include <gtest/gtest.h>
#include <hwy/aligned_allocator.h>
#include <hwy/highway.h>
#include <hwy/targets.h>

#include <random>
#include <vector>

#include "domain/embedding.h"

namespace datastorage::codes {
namespace {

constexpr std::size_t kRowCount = 300;

struct Operands {
  hwy::AlignedFreeUniquePtr<std::int16_t[]> query =
      hwy::AllocateAligned<std::int16_t>(kEmbeddingDimensionCount);
  hwy::AlignedFreeUniquePtr<std::int8_t[]> codes =
      hwy::AllocateAligned<std::int8_t>(kRowCount * kEmbeddingDimensionCount);
};

Operands RandomOperands(std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::uniform_int_distribution<int> query_code(-32'767, 32'767);
  std::uniform_int_distribution<int> code(-127, 127);
  Operands operands;
  for (std::size_t d = 0; d < kEmbeddingDimensionCount; ++d) {
    operands.query[d] = static_cast<std::int16_t>(query_code(random));
  }
  for (std::size_t i = 0; i < kRowCount * kEmbeddingDimensionCount; ++i) {
    operands.codes[i] = static_cast<std::int8_t>(code(random));
  }
  return operands;
}

// Every row, all in order; then ever fewer, out of order, some twice; then none.
std::vector<std::vector<std::uint16_t>> RowLists() {
  std::vector<std::vector<std::uint16_t>> lists(3);
  for (std::size_t row = 0; row < kRowCount; ++row) {
    lists[0].push_back(static_cast<std::uint16_t>(row));
    if (row % 3 == 0) lists[1].push_back(static_cast<std::uint16_t>((row * 7) % kRowCount));
  }
  return lists;
}

// Runs with one instruction set after another that this processor has and the build compiled.
class DotKernel : public testing::TestWithParam<std::int64_t> {
 protected:
  void SetUp() override {
    hwy::SetSupportedTargetsForTest(GetParam());
    hwy::GetChosenTarget().Update(hwy::SupportedTargets());
  }
  void TearDown() override {
    hwy::SetSupportedTargetsForTest(0);
    hwy::GetChosenTarget().Update(hwy::SupportedTargets());
  }
};

TEST_P(DotKernel, EqualsPlainCode) {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    const Operands operands = RandomOperands(seed);
    for (const std::vector<std::uint16_t>& rows : RowLists()) {
      std::vector<std::int32_t> dots(rows.size(), -1);
      std::vector<std::int32_t> expected(rows.size(), -2);
      DotRows(operands.query.get(), operands.codes.get(), rows, dots.data());
      DotRowsPortable(operands.query.get(), operands.codes.get(), rows, expected.data());
      ASSERT_EQ(dots, expected);
    }
  }
}

TEST_P(DotKernel, DoesNotOverflowAtTheExtremes) {
  const Operands operands = RandomOperands(0);
  for (const int sign : {-1, 1}) {
    for (std::size_t d = 0; d < kEmbeddingDimensionCount; ++d) {
      operands.query[d] = 32'767;
      operands.codes[d] = static_cast<std::int8_t>(sign * 127);
    }
    std::int32_t dot = 0;
    const std::vector<std::uint16_t> rows{0};
    DotRows(operands.query.get(), operands.codes.get(), rows, &dot);
    EXPECT_EQ(dot, sign * 1'597'981'056);
  }
}

INSTANTIATE_TEST_SUITE_P(Target,
                         DotKernel,
                         testing::ValuesIn(hwy::SupportedAndGeneratedTargets()),
                         [](const auto& target) { return hwy::TargetName(target.param); });

}  // namespace
}  // namespace datastorage::codes
