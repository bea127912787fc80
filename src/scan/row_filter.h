// RowFilter: a filter compiled against one snapshot of a row table. Texts and booleans are decided
// once per distinct value; then a block's rows are decided 64 to a word.
//
// Threads:     immutable once made.
// Ownership:   keeps references to the table and to the filter; both must outlive it.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "domain/filter.h"
#include "scan/row_table.h"

namespace datastorage::scan {

// Bit r of a block: word r / 64, bit r % 64.
using RowBits = std::array<std::uint64_t, kBlockRowCount / 64>;

// Whether a filter leaf can be decided from the columns.
bool CanDecide(const Filter& leaf);

class RowFilter {
 public:
  // REQUIRES: CanDecide of every leaf; values of the alternative that their member's type asks
  // for; `row_count` was read from `table`.
  RowFilter(const Filter& filter, const RowTable& table, std::uint32_t row_count);

  // The rows of the block, below row_count, that pass. Does not look at whether they are visible.
  RowBits Select(std::uint32_t block_index) const;

 private:
  struct Node {
    const Filter* filter = nullptr;
    std::vector<Node> children;
    // Leaves on text and booleans: by number or flag; [0], absent, never passes.
    std::vector<std::uint8_t> verdicts;
  };

  Node Compile(const Filter& filter) const;
  RowBits Evaluate(const Node& node, std::uint32_t block_index) const;
  RowBits EvaluateBranch(const Node& node, std::uint32_t block_index) const;
  RowBits EvaluateLeaf(const Node& node, std::uint32_t block_index) const;
  RowBits AllRows(std::uint32_t block_index) const;
  std::uint32_t RowCountIn(std::uint32_t block_index) const;

  const RowTable& table_;
  const std::uint32_t row_count_;
  const Node root_;
};

}  // namespace datastorage::scan
