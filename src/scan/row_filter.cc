#include "scan/row_filter.h"

#include <algorithm>
#include <bit>

#include "base/check.h"
#include "scan/filter_leaf.h"

namespace datastorage::scan {
namespace {

bool IsBranch(FilterOp op) {
  return op == FilterOp::kAnd || op == FilterOp::kOr || op == FilterOp::kNot;
}

template <class Test>
RowBits BitsWhere(std::uint32_t row_count, Test test) {
  RowBits bits{};
  for (std::uint32_t row = 0; row < row_count; ++row) {
    bits[row / 64] |= std::uint64_t{test(row) ? 1u : 0u} << (row % 64);
  }
  return bits;
}

// An id's text is its lower-case form. Equality, the usual question, needs no texts.
RowBits EvaluateIds(const Filter& leaf, const RowBlock& block, const Column& ids, std::uint32_t n) {
  if (leaf.op != FilterOp::kAnyOf) {
    const TypedLeaf<std::string_view> typed(leaf);
    return BitsWhere(n, [&](std::uint32_t row) {
      return ids.flags[row] != 0 && typed.Holds(block.ids[row].ToString());
    });
  }
  std::vector<RecordId> wanted;
  for (const MemberValue& value : leaf.values) {
    const auto& text = std::get<std::string>(value);
    const std::optional<Uuid> id = Uuid::Parse(text);
    if (id.has_value() && id->ToString() == text) wanted.push_back(*id);
  }
  std::sort(wanted.begin(), wanted.end());
  return BitsWhere(n, [&](std::uint32_t row) {
    return ids.flags[row] != 0 && std::binary_search(wanted.begin(), wanted.end(), block.ids[row]);
  });
}

template <class T>
RowBits EvaluateNumbers(const Filter& leaf, const Column& column, std::uint32_t n) {
  const TypedLeaf<T> typed(leaf);
  return BitsWhere(n, [&](std::uint32_t row) {
    return column.flags[row] != 0 && typed.Holds(std::bit_cast<T>(column.bits[row]));
  });
}

template <class Numbers>
RowBits LookUp(const std::vector<std::uint8_t>& verdicts, const Numbers& numbers, std::uint32_t n) {
  return BitsWhere(n, [&](std::uint32_t row) { return verdicts[numbers[row]] != 0; });
}

}  // namespace

bool CanDecide(const Filter& leaf) {
  return leaf.op != FilterOp::kPath && RowTable::Keeps(leaf.member);
}

RowFilter::RowFilter(const Filter& filter, const RowTable& table, std::uint32_t row_count)
    : table_(table), row_count_(row_count), root_(Compile(filter)) {}

RowFilter::Node RowFilter::Compile(const Filter& filter) const {
  Node node;
  node.filter = &filter;
  if (IsBranch(filter.op)) {
    for (const Filter& child : filter.children) node.children.push_back(Compile(child));
    DS_CHECK(filter.op != FilterOp::kNot || node.children.size() == 1);
    return node;
  }
  DS_CHECK(CanDecide(filter));
  const MemberType type = Describe(filter.member).type;
  if (type == MemberType::kText && filter.member != Member::kId) {
    const TypedLeaf<std::string_view> leaf(filter);
    const TextDictionary& texts = table_.dictionary(filter.member);
    const std::uint32_t count = texts.size();
    node.verdicts.assign(std::size_t{count} + 1, 0);
    for (std::uint32_t number = 1; number <= count; ++number) {
      node.verdicts[number] = leaf.Holds(texts.TextOf(number)) ? 1 : 0;
    }
  } else if (type == MemberType::kBoolean) {
    const TypedLeaf<bool> leaf(filter);
    node.verdicts = {0,
                     leaf.Holds(false) ? std::uint8_t{1} : std::uint8_t{0},
                     leaf.Holds(true) ? std::uint8_t{1} : std::uint8_t{0}};
  }
  return node;
}

RowBits RowFilter::Select(std::uint32_t block_index) const {
  return Evaluate(root_, block_index);
}

RowBits RowFilter::Evaluate(const Node& node, std::uint32_t block_index) const {
  return IsBranch(node.filter->op) ? EvaluateBranch(node, block_index)
                                   : EvaluateLeaf(node, block_index);
}

RowBits RowFilter::EvaluateBranch(const Node& node, std::uint32_t block_index) const {
  const FilterOp op = node.filter->op;
  RowBits bits = op == FilterOp::kOr ? RowBits{} : AllRows(block_index);
  for (const Node& child : node.children) {
    const RowBits part = Evaluate(child, block_index);
    for (std::size_t word = 0; word < bits.size(); ++word) {
      if (op == FilterOp::kAnd) bits[word] &= part[word];
      if (op == FilterOp::kOr) bits[word] |= part[word];
      if (op == FilterOp::kNot) bits[word] &= ~part[word];
    }
  }
  return bits;
}

RowBits RowFilter::EvaluateLeaf(const Node& node, std::uint32_t block_index) const {
  const Filter& leaf = *node.filter;
  const RowBlock& block = table_.block(block_index);
  const std::uint32_t n = RowCountIn(block_index);
  // Acquire: the column may be of a row that is newer than this snapshot.
  const Column* column =
      block.columns[static_cast<std::size_t>(leaf.member)].load(std::memory_order_acquire);
  if (column == nullptr) return {};
  if (leaf.member == Member::kId) return EvaluateIds(leaf, block, *column, n);
  switch (Describe(leaf.member).type) {
    case MemberType::kText: return LookUp(node.verdicts, column->numbers, n);
    case MemberType::kBoolean: return LookUp(node.verdicts, column->flags, n);
    case MemberType::kNumber: return EvaluateNumbers<double>(leaf, *column, n);
    case MemberType::kInteger:
    case MemberType::kTime: return EvaluateNumbers<std::int64_t>(leaf, *column, n);
  }
  return {};
}

RowBits RowFilter::AllRows(std::uint32_t block_index) const {
  const std::uint32_t n = RowCountIn(block_index);
  RowBits bits{};
  std::fill_n(bits.begin(), n / 64, ~std::uint64_t{0});
  if (n % 64 != 0) bits[n / 64] = (std::uint64_t{1} << (n % 64)) - 1;
  return bits;
}

std::uint32_t RowFilter::RowCountIn(std::uint32_t block_index) const {
  return std::min(kBlockRowCount, row_count_ - block_index * kBlockRowCount);
}

}  // namespace datastorage::scan
