#include "scan/row_filter.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <thread>

#include "support/random_points.h"

namespace datastorage::scan {
namespace {

bool Passes(const RowBits& bits, std::uint32_t slot) {
  return ((bits[slot / 64] >> (slot % 64)) & 1) != 0;
}

class RowFilterTest : public testing::Test {
 protected:
  void Fill(std::uint32_t count) {
    for (std::uint32_t row = 0; row < count; ++row) {
      const VectorWrite write = random_.Point(row);
      table_.Append({write.id, write.stamp, *write.embedding, write.members}, std::nullopt);
      members_.push_back(write.members);
      if (row % 100 == 0) ids_.push_back(write.id);
    }
  }
  // Of the first `row_count` rows; checks that no later row passes.
  std::vector<bool> Decide(const Filter& filter, std::uint32_t row_count) {
    const RowFilter compiled(filter, table_, row_count);
    std::vector<bool> passes;
    for (std::uint32_t block = 0; block * kBlockRowCount < row_count; ++block) {
      const RowBits bits = compiled.Select(block);
      for (std::uint32_t slot = 0; slot < kBlockRowCount; ++slot) {
        const bool is_within = block * kBlockRowCount + slot < row_count;
        EXPECT_TRUE(is_within || !Passes(bits, slot));
        if (is_within) passes.push_back(Passes(bits, slot));
      }
    }
    return passes;
  }
  std::vector<bool> Reference(const Filter& filter, std::uint32_t row_count) {
    std::vector<bool> passes;
    for (std::uint32_t row = 0; row < row_count; ++row) {
      passes.push_back(Matches(filter, members_[row]));
    }
    return passes;
  }

  RandomPoints random_{21};
  RowTable table_{20'000};
  std::vector<FilterMembers> members_;
  std::vector<RecordId> ids_;
};

// 9,000 rows and snapshots of them by 100 filters: more than half a million decisions.
TEST_F(RowFilterTest, DecidesEveryRowLikeTheReference) {
  Fill(9'000);
  int mixed_count = 0;
  for (int trial = 0; trial < 100; ++trial) {
    const Filter filter = Widen(random_.AFilter(ids_), &CanDecide).filter;
    const std::uint32_t row_count =
        trial % 2 == 0 ? 9'000 : 1 + static_cast<std::uint32_t>(trial) * 80;
    const std::vector<bool> expected = Reference(filter, row_count);
    ASSERT_EQ(Decide(filter, row_count), expected) << CanonicalText(filter);
    const auto passed = std::count(expected.begin(), expected.end(), true);
    mixed_count += passed > 0 && passed < row_count ? 1 : 0;
  }
  EXPECT_GT(mixed_count, 40);
}

// Rows, texts and, all along a block, columns appear while a reader filters its snapshots.
TEST_F(RowFilterTest, DecidesASnapshotBesideAWriter) {
  constexpr std::uint32_t kCount = 5'000;
  std::vector<VectorWrite> writes;
  for (std::uint32_t row = 0; row < kCount; ++row) {
    writes.push_back(random_.Point(row));
    auto& values = writes.back().members.values;
    std::erase_if(values, [&](const auto& entry) {
      return entry.first == Member::kExecutionId ||
             static_cast<std::uint32_t>(entry.first) > row % kBlockRowCount / 100;
    });
    values.emplace_back(Member::kExecutionId, "run " + std::to_string(row / 2));
    std::sort(values.begin(), values.end(), [](const auto& a, const auto& b) {
      return a.first < b.first;
    });
    members_.push_back(writes.back().members);
  }
  ids_ = {writes[0].id, writes[4'200].id};
  std::thread writer([&] {
    for (const VectorWrite& write : writes) {
      table_.Append({write.id, write.stamp, *write.embedding, write.members}, std::nullopt);
    }
  });
  std::uint32_t row_count = 0;
  while (row_count < kCount && !HasFailure()) {
    row_count = table_.row_count();
    const Filter filter = Widen(random_.AFilter(ids_), &CanDecide).filter;
    EXPECT_EQ(Decide(filter, row_count), Reference(filter, row_count)) << CanonicalText(filter);
  }
  writer.join();
}

TEST_F(RowFilterTest, FindsIdsByEqualityPrefixAndRange) {
  Fill(500);
  const std::string id = ids_[3].ToString();
  std::string upper = id;
  for (char& c : upper) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  for (const Filter& filter : {Filter::Equals(Member::kId, id),
                               Filter::Equals(Member::kId, upper),
                               Filter::Equals(Member::kId, std::string("not an id")),
                               Filter::Prefix(Member::kId, id.substr(0, 1)),
                               Filter::Range(Member::kId, FilterBound{id, false}, std::nullopt),
                               Filter::Range(Member::kId, std::nullopt, FilterBound{id, true})}) {
    EXPECT_EQ(Decide(filter, 500), Reference(filter, 500)) << CanonicalText(filter);
  }
}

TEST(RowFilter, LeavesLongTextsTheStateAndMetadataToTheRecordStore) {
  EXPECT_FALSE(CanDecide(Filter::Path("team", {"a"})));
  for (int m = 0; m < kMemberCount; ++m) {
    const auto member = static_cast<Member>(m);
    const bool expected = member != Member::kVector && !Describe(member).is_long_text;
    EXPECT_EQ(CanDecide(Filter::AnyOf(member, {})), expected) << Describe(member).name;
  }
}

}  // namespace
}  // namespace datastorage::scan
