#include "scan/row_table.h"

#include <gtest/gtest.h>

#include <thread>

#include "scan/row_filter.h"
#include "support/random_points.h"

namespace datastorage::scan {
namespace {

std::uint32_t Append(RowTable& table,
                     const VectorWrite& write,
                     std::optional<std::uint32_t> predecessor = std::nullopt) {
  return table.Append({write.id, write.stamp, *write.embedding, write.members}, predecessor);
}

TEST(RowTable, ShowsExactlyOneVersionAtEveryRowCount) {
  RowTable table(100);
  RandomPoints random(1);
  const VectorWrite other = random.Point(1);
  Append(table, other);
  std::optional<std::uint32_t> last;
  for (Stamp stamp = 2; stamp < 20; ++stamp) last = Append(table, random.Point(stamp), last);
  for (std::uint32_t row_count = 2; row_count <= table.row_count(); ++row_count) {
    EXPECT_TRUE(table.IsVisible(0, row_count));
    for (std::uint32_t row = 1; row < table.row_count(); ++row) {
      EXPECT_EQ(table.IsVisible(row, row_count), row == row_count - 1) << row << " " << row_count;
    }
  }
  EXPECT_EQ(table.dead_count(), table.row_count() - 2);
}

TEST(RowTable, HidesAKilledRowFromTheCurrentCountOn) {
  RowTable table(100);
  RandomPoints random(2);
  Append(table, random.Point(1));
  Append(table, random.Point(2));
  table.Kill(0);
  EXPECT_TRUE(table.IsVisible(0, 1));  // A snapshot from before.
  EXPECT_FALSE(table.IsVisible(0, 2));
  Append(table, random.Point(3));
  EXPECT_FALSE(table.IsVisible(0, 3));
  EXPECT_TRUE(table.IsVisible(1, 3));
}

// The writer replaces one point as fast as it can; whatever row count a reader takes, just one of
// the newest two rows is visible at it, though the reader looks at once.
TEST(RowTable, ShowsExactlyOneVersionToAReaderBeside) {
  constexpr std::uint32_t kCount = 60'000;
  RowTable table(kCount);
  RandomPoints random(6);
  VectorWrite write = random.Point(1);
  write.members = {};
  std::uint32_t last = Append(table, write);
  std::thread reader([&table] {
    std::uint32_t row_count = 0;
    while (row_count < kCount) {
      row_count = table.row_count();
      if (row_count < 2) continue;
      ASSERT_NE(table.IsVisible(row_count - 2, row_count),
                table.IsVisible(row_count - 1, row_count));
    }
  });
  while (!table.IsFull()) last = Append(table, write, last);
  reader.join();
}

TEST(RowTable, IsFullAtItsRowCount) {
  RowTable table(2);
  RandomPoints random(3);
  Append(table, random.Point(1));
  EXPECT_FALSE(table.IsFull());
  Append(table, random.Point(2));
  EXPECT_TRUE(table.IsFull());
}

TEST(RowTable, RemembersTheGreatestLoss) {
  RowTable table(100);
  VectorWrite exact = RandomPoints(4).Point(1);
  exact.embedding = Embedding{};
  exact.embedding->at(0) = 1;
  Append(table, exact);
  EXPECT_NEAR(table.WorstLoss().residual, 0, 1e-6);
  exact.embedding->at(0) = 1.0005F;
  Append(table, exact);
  EXPECT_NEAR(table.WorstLoss().norm_deviation, 0.0005, 1e-6);
  Append(table, RandomPoints(4).Point(2));
  EXPECT_GT(table.WorstLoss().residual, 0.001);
  EXPECT_NEAR(table.WorstLoss().norm_deviation, 0.0005, 1e-6);
}

// Members, codes and ids survive; dead rows and their texts do not.
TEST(RowTable, KeepsTheVisibleRowsWhenItIsCompacted) {
  constexpr std::uint32_t kCount = 6'000;  // More than a block.
  RowTable table(2 * kCount);
  RandomPoints random(5);
  std::vector<VectorWrite> kept;
  std::vector<RecordId> ids;
  for (std::uint32_t row = 0; row < kCount; ++row) {
    VectorWrite write = random.Point(row);
    if (row % 3 == 0) write.members.values = {{Member::kName, "gone " + std::to_string(row)}};
    Append(table, write);
    if (row % 3 == 0) table.Kill(row);
    if (row % 3 != 0) kept.push_back(write);
    if (row % 3 != 0) ids.push_back(write.id);
  }
  const std::unique_ptr<RowTable> compacted = table.Compacted();
  ASSERT_EQ(compacted->row_count(), kept.size());
  EXPECT_EQ(compacted->dead_count(), 0u);
  EXPECT_GT(table.dictionary(Member::kName).size(), 2'000u);
  EXPECT_LT(compacted->dictionary(Member::kName).size(), 10u);
  EXPECT_EQ(compacted->WorstLoss().residual, table.WorstLoss().residual);

  std::array<std::int8_t, kEmbeddingDimensionCount> codes{};
  float scale = 0;
  for (std::uint32_t row = 0; row < compacted->row_count(); ++row) {
    const RowBlock& block = compacted->block(row / kBlockRowCount);
    const std::size_t slot = row % kBlockRowCount;
    codes::QuantizeRow(*kept[row].embedding, codes.data(), &scale);
    ASSERT_TRUE(std::equal(
        codes.begin(), codes.end(), block.codes.begin() + slot * kEmbeddingDimensionCount));
    ASSERT_EQ(block.scales[slot], scale);
    ASSERT_EQ(compacted->IdOf(row), kept[row].id);
    ASSERT_EQ(block.stamps[slot], kept[row].stamp);
    ASSERT_TRUE(compacted->IsVisible(row, compacted->row_count()));
  }
  for (int trial = 0; trial < 20; ++trial) {
    const Filter filter = Widen(random.AFilter(ids), &CanDecide).filter;
    const RowFilter compiled(filter, *compacted, compacted->row_count());
    const std::array<RowBits, 1> bits{compiled.Select(0)};
    for (std::uint32_t row = 0; row < kBlockRowCount && row < kept.size(); ++row) {
      const bool passes = ((bits[0][row / 64] >> (row % 64)) & 1) != 0;
      ASSERT_EQ(passes, Matches(filter, kept[row].members)) << CanonicalText(filter);
    }
  }
}

}  // namespace
}  // namespace datastorage::scan
