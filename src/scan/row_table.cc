#include "scan/row_table.h"

#include <algorithm>
#include <bit>

#include "base/check.h"

namespace datastorage::scan {
namespace {

std::size_t SlotOf(std::uint32_t row) {
  return row % kBlockRowCount;
}

std::uint64_t BitsOf(const MemberValue& value) {
  if (const auto* integer = std::get_if<std::int64_t>(&value)) {
    return std::bit_cast<std::uint64_t>(*integer);
  }
  if (const auto* number = std::get_if<double>(&value))
    return std::bit_cast<std::uint64_t>(*number);
  const auto ticks = std::get<WallTime>(value).time_since_epoch().count();
  return std::bit_cast<std::uint64_t>(std::int64_t{ticks});
}

}  // namespace

RowBlock::~RowBlock() {
  for (const std::atomic<Column*>& column : columns) {
    delete column.load(std::memory_order_relaxed);
  }
}

RowTable::RowTable(std::uint32_t row_count_max)
    : row_count_max_(row_count_max),
      blocks_((std::size_t{row_count_max} + kBlockRowCount - 1) / kBlockRowCount) {}

bool RowTable::Keeps(Member member) {
  return member != Member::kVector && !Describe(member).is_long_text;
}

std::uint32_t RowTable::Append(const NewRow& row, std::optional<std::uint32_t> predecessor) {
  DS_CHECK(!IsFull());
  const std::uint32_t index = row_count_.load(std::memory_order_relaxed);
  const std::size_t slot = SlotOf(index);
  RowBlock& block = BlockFor(index);
  block.ids[slot] = row.id;
  block.stamps[slot] = row.stamp;
  std::int8_t* codes = block.codes.data() + slot * kEmbeddingDimensionCount;
  RaiseWorstLoss(codes::QuantizeRow(row.vector, codes, &block.scales[slot]));
  for (const auto& [member, value] : row.members.values) {
    if (Keeps(member)) Write(block, slot, member, value);
  }
  if (predecessor.has_value()) {
    // Relaxed: the release store of the row count below publishes it.
    blocks_[*predecessor / kBlockRowCount]->died_at[SlotOf(*predecessor)].store(
        index + 1, std::memory_order_relaxed);
    ++dead_count_;
  }
  Publish(index);
  return index;
}

void RowTable::Kill(std::uint32_t row) {
  // Relaxed: whoever must see it has synchronised with the end of the writer's call.
  blocks_[row / kBlockRowCount]->died_at[SlotOf(row)].store(
      row_count_.load(std::memory_order_relaxed), std::memory_order_relaxed);
  ++dead_count_;
}

bool RowTable::IsVisible(std::uint32_t row, std::uint32_t row_count) const {
  const std::uint32_t died_at =
      blocks_[row / kBlockRowCount]->died_at[SlotOf(row)].load(std::memory_order_relaxed);
  return row < row_count && (died_at == 0 || died_at > row_count);
}

RecordId RowTable::IdOf(std::uint32_t row) const {
  return blocks_[row / kBlockRowCount]->ids[SlotOf(row)];
}

codes::RestoredVector RowTable::VectorOf(std::uint32_t row) const {
  const RowBlock& block = *blocks_[row / kBlockRowCount];
  const std::size_t slot = SlotOf(row);
  return codes::RestoreRow(block.codes.data() + slot * kEmbeddingDimensionCount,
                           block.scales[slot]);
}

FilterMembers RowTable::MembersOf(std::uint32_t row) const {
  FilterMembers members;
  for (int m = 0; m < kMemberCount; ++m) {
    const auto member = static_cast<Member>(m);
    std::optional<MemberValue> value = ValueOf(row, member);
    if (value.has_value()) members.values.emplace_back(member, *std::move(value));
  }
  return members;
}

std::optional<MemberValue> RowTable::ValueOf(std::uint32_t row, Member member) const {
  const RowBlock& block = *blocks_[row / kBlockRowCount];
  const std::size_t slot = SlotOf(row);
  const Column* column =
      block.columns[static_cast<std::size_t>(member)].load(std::memory_order_acquire);
  if (column == nullptr) return std::nullopt;
  if (column->numbers != nullptr) {
    const std::uint32_t number = column->numbers[slot];
    if (number == 0) return std::nullopt;
    return MemberValue(std::string(dictionary(member).TextOf(number)));
  }
  const std::uint8_t flag = column->flags[slot];
  if (flag == 0) return std::nullopt;
  switch (Describe(member).type) {
    case MemberType::kText: return MemberValue(block.ids[slot].ToString());
    case MemberType::kBoolean: return MemberValue(flag == 2);
    case MemberType::kNumber: return MemberValue(std::bit_cast<double>(column->bits[slot]));
    case MemberType::kInteger: return MemberValue(std::bit_cast<std::int64_t>(column->bits[slot]));
    case MemberType::kTime:
      return MemberValue(WallTime(Duration(std::bit_cast<std::int64_t>(column->bits[slot]))));
  }
  return std::nullopt;
}

codes::QuantizationLoss RowTable::WorstLoss() const {
  return {residual_max_.load(std::memory_order_relaxed),
          norm_deviation_max_.load(std::memory_order_relaxed)};
}

void RowTable::RaiseWorstLoss(const codes::QuantizationLoss& loss) {
  const codes::QuantizationLoss worst = WorstLoss();
  residual_max_.store(std::max(worst.residual, loss.residual), std::memory_order_relaxed);
  norm_deviation_max_.store(std::max(worst.norm_deviation, loss.norm_deviation),
                            std::memory_order_relaxed);
}

RowBlock& RowTable::BlockFor(std::uint32_t row) {
  std::unique_ptr<RowBlock>& block = blocks_[row / kBlockRowCount];
  // Not zeroed: a row is written before it is published, and atomics zero themselves.
  if (block == nullptr) block = std::make_unique_for_overwrite<RowBlock>();
  return *block;
}

Column& RowTable::ColumnFor(RowBlock& block, Member member) {
  std::atomic<Column*>& place = block.columns[static_cast<std::size_t>(member)];
  if (Column* known = place.load(std::memory_order_relaxed); known != nullptr) return *known;

  auto column = std::make_unique<Column>();
  const MemberType type = Describe(member).type;
  if (type == MemberType::kText && member != Member::kId) {
    column->numbers = std::make_unique<std::uint32_t[]>(kBlockRowCount);
  } else {
    column->flags = std::make_unique<std::uint8_t[]>(kBlockRowCount);
  }
  if (type != MemberType::kText && type != MemberType::kBoolean) {
    column->bits = std::make_unique<std::uint64_t[]>(kBlockRowCount);
  }
  // Release: a reader of older rows of this block may meet the column at once, all zero.
  place.store(column.get(), std::memory_order_release);
  return *column.release();  // Owned by the block from here.
}

void RowTable::Write(RowBlock& block, std::size_t slot, Member member, const MemberValue& value) {
  Column& column = ColumnFor(block, member);
  if (column.numbers != nullptr) {
    TextDictionary& texts = dictionaries_[static_cast<std::size_t>(member)];
    column.numbers[slot] = texts.NumberOf(std::get<std::string>(value));
    return;
  }
  if (column.bits != nullptr) column.bits[slot] = BitsOf(value);
  const bool* truth = std::get_if<bool>(&value);
  column.flags[slot] = truth != nullptr && *truth ? 2 : 1;
}

void RowTable::CopyRow(const RowTable& from, std::uint32_t from_row, std::uint32_t to_row) {
  const RowBlock& source = from.block(from_row / kBlockRowCount);
  const std::size_t from_slot = SlotOf(from_row);
  RowBlock& target = BlockFor(to_row);
  const std::size_t slot = SlotOf(to_row);
  target.ids[slot] = source.ids[from_slot];
  target.stamps[slot] = source.stamps[from_slot];
  target.scales[slot] = source.scales[from_slot];
  std::copy_n(source.codes.data() + from_slot * kEmbeddingDimensionCount,
              kEmbeddingDimensionCount,
              target.codes.data() + slot * kEmbeddingDimensionCount);
  for (std::size_t m = 0; m < source.columns.size(); ++m) {
    const Column* old = source.columns[m].load(std::memory_order_relaxed);
    if (old == nullptr) continue;
    Column& column = ColumnFor(target, static_cast<Member>(m));
    if (old->flags != nullptr) column.flags[slot] = old->flags[from_slot];
    if (old->bits != nullptr) column.bits[slot] = old->bits[from_slot];
    if (old->numbers == nullptr || old->numbers[from_slot] == 0) continue;
    const std::string_view text = from.dictionaries_[m].TextOf(old->numbers[from_slot]);
    column.numbers[slot] = dictionaries_[m].NumberOf(text);
  }
}

std::unique_ptr<RowTable> RowTable::Compacted() const {
  auto table = std::make_unique<RowTable>(row_count_max_);
  table->RaiseWorstLoss(WorstLoss());
  const std::uint32_t count = row_count();
  std::uint32_t next = 0;
  for (std::uint32_t row = 0; row < count; ++row) {
    if (IsVisible(row, count)) table->CopyRow(*this, row, next++);
  }
  table->row_count_.store(next, std::memory_order_release);
  return table;
}

}  // namespace datastorage::scan
