// RowTable: the rows of the index, append-only, in blocks: codes, id, stamp and the members that
// filters look at, by column. A row is never changed; an update appends and kills the old row.
//
// Threads: one writer; any number of readers beside it, without locks. A reader takes row_count()
// once (acquire) and so owns a snapshot:
// - All of a row, its block and its texts are written before the row count that includes it is
//   stored (release), and never after.
// - An update of row o by the new row n stores died_at[o] = n + 1 before the row count n + 1. A
//   row is visible at row count c unless 0 < died_at <= c. So at c <= n exactly the old row is
//   visible, whether or not the kill is seen; at c > n exactly the new one, for the kill is seen.
// - A kill without a successor stores died_at[o] = c, the current count: a search that runs
//   meanwhile sees the row or not, one that starts after the call returned does not.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "codes/quantized_vector.h"
#include "domain/member.h"
#include "domain/write.h"
#include "scan/text_dictionary.h"

namespace datastorage::scan {

inline constexpr std::uint32_t kBlockRowCount = 4'096;

// One member of one block; which arrays there are follows from the member's type. Zero: absent.
struct Column {
  std::unique_ptr<std::uint32_t[]> numbers;  // Text, except kId: of the member's dictionary.
  std::unique_ptr<std::uint64_t[]> bits;     // Integer, number, time: the value's bits.
  std::unique_ptr<std::uint8_t[]> flags;     // Those and kId: 1 present. Boolean: 1 false, 2 true.
};

struct RowBlock {
  alignas(64) std::array<std::int8_t, kBlockRowCount * kEmbeddingDimensionCount> codes;
  std::array<float, kBlockRowCount> scales;
  std::array<RecordId, kBlockRowCount> ids;
  std::array<Stamp, kBlockRowCount> stamps;
  std::array<std::atomic<std::uint32_t>, kBlockRowCount> died_at;  // 0: alive.
  // Made when the first row has the member; nullptr: absent in every row.
  std::array<std::atomic<Column*>, kMemberCount> columns;

  ~RowBlock();
};

struct NewRow {
  RecordId id;
  Stamp stamp = 0;
  const Embedding& vector;
  const FilterMembers& members;
};

class RowTable {
 public:
  explicit RowTable(std::uint32_t row_count_max);

  // Whether columns hold `member`: not long texts, not kVector.
  static bool Keeps(Member member);

  // Writer only. Append makes the row visible and, in the same instant, its predecessor invisible.
  // REQUIRES: there is room.
  std::uint32_t Append(const NewRow& row, std::optional<std::uint32_t> predecessor);
  void Kill(std::uint32_t row);
  bool IsFull() const { return row_count() == row_count_max_; }
  std::uint32_t dead_count() const { return dead_count_; }
  // A table of the visible rows alone, in the same order, with dictionaries of their texts.
  std::unique_ptr<RowTable> Compacted() const;

  // Readers.
  std::uint32_t row_count() const { return row_count_.load(std::memory_order_acquire); }
  const RowBlock& block(std::uint32_t index) const { return *blocks_[index]; }
  const TextDictionary& dictionary(Member member) const {
    return dictionaries_[static_cast<std::size_t>(member)];
  }
  bool IsVisible(std::uint32_t row, std::uint32_t row_count) const;
  RecordId IdOf(std::uint32_t row) const;
  codes::RestoredVector VectorOf(std::uint32_t row) const;
  // The members that Keeps accepts; no metadata.
  FilterMembers MembersOf(std::uint32_t row) const;
  // The greatest losses of all rows ever appended, so of those visible too.
  codes::QuantizationLoss WorstLoss() const;

 private:
  RowBlock& BlockFor(std::uint32_t row);
  Column& ColumnFor(RowBlock& block, Member member);
  std::optional<MemberValue> ValueOf(std::uint32_t row, Member member) const;
  void Write(RowBlock& block, std::size_t slot, Member member, const MemberValue& value);
  void CopyRow(const RowTable& from, std::uint32_t from_row, std::uint32_t to_row);
  void Publish(std::uint32_t row) { row_count_.store(row + 1, std::memory_order_release); }
  void RaiseWorstLoss(const codes::QuantizationLoss& loss);

  const std::uint32_t row_count_max_;
  // Slots of blocks are written once, before a row count that reaches them is published.
  std::vector<std::unique_ptr<RowBlock>> blocks_;
  std::array<TextDictionary, kMemberCount> dictionaries_;
  std::atomic<std::uint32_t> row_count_{0};
  std::uint32_t dead_count_ = 0;  // Writer only.
  std::atomic<double> residual_max_{0};
  std::atomic<double> norm_deviation_max_{0};
};

}  // namespace datastorage::scan
