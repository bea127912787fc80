#include "cli/table.h"

#include <algorithm>
#include <numeric>

#include "cli/text.h"

namespace datastorage::cli {
namespace {

constexpr std::size_t kGap = 2;

std::size_t NaturalWidth(const std::vector<Column>& columns,
                         const std::vector<Row>& rows,
                         std::size_t index) {
  std::size_t width = DisplayWidth(columns[index].title);
  for (const Row& row : rows) width = std::max(width, DisplayWidth(row.cells[index].text));
  return width;
}

// Takes one column at a time off the widest that may be cut, until all fit.
std::vector<std::size_t> FittingWidths(const Console& console,
                                       const std::vector<Column>& columns,
                                       const std::vector<Row>& rows) {
  std::vector<std::size_t> widths;
  widths.reserve(columns.size());
  for (std::size_t i = 0; i < columns.size(); ++i) widths.push_back(NaturalWidth(columns, rows, i));
  std::size_t total = std::accumulate(widths.begin(), widths.end(), kGap * (columns.size() - 1));
  while (total > console.width) {
    std::size_t* widest = nullptr;
    for (std::size_t i = 0; i < columns.size(); ++i) {
      const bool can_shrink =
          columns[i].is_cut_to_fit && widths[i] > DisplayWidth(columns[i].title);
      if (can_shrink && (widest == nullptr || widths[i] > *widest)) widest = &widths[i];
    }
    if (widest == nullptr) break;
    --*widest;
    --total;
  }
  return widths;
}

std::string Line(const Console& console,
                 const std::vector<Column>& columns,
                 const std::vector<std::size_t>& widths,
                 const std::vector<Cell>& cells) {
  std::string line;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    if (i > 0) line += std::string(kGap, ' ');
    const std::string text = CutToWidth(cells[i].text, widths[i]);
    const bool is_last = i + 1 == columns.size();
    const std::string padded = columns[i].is_right_aligned ? PadLeft(text, widths[i])
                               : is_last                   ? text
                                                           : PadRight(text, widths[i]);
    line += Toned(console, cells[i].tone, padded);
  }
  while (line.ends_with(' ')) line.pop_back();
  return line;
}

}  // namespace

std::size_t IndentOf(const std::vector<Column>& columns, const std::vector<Row>& rows) {
  return NaturalWidth(columns, rows, 0) + kGap;
}

void PrintTable(const Console& console,
                const std::vector<Column>& columns,
                const std::vector<Row>& rows) {
  const std::vector<std::size_t> widths = FittingWidths(console, columns, rows);
  std::vector<Cell> titles;
  titles.reserve(columns.size());
  for (const Column& column : columns) titles.push_back({column.title, Tone::kBold});
  console.out << Line(console, columns, widths, titles) << "\n";
  const std::string indent(widths.front() + kGap, ' ');
  for (const Row& row : rows) {
    console.out << Line(console, columns, widths, row.cells) << "\n";
    for (const Cell& cell : row.below) {
      console.out << indent << Toned(console, cell.tone, cell.text) << "\n";
    }
  }
}

}  // namespace datastorage::cli
