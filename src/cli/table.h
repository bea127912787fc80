// Table: aligned columns that fit the terminal.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "cli/console.h"

namespace datastorage::cli {

struct Column {
  std::string title;
  bool is_cut_to_fit = false;  // May lose its end ("…") on a narrow terminal.
  bool is_right_aligned = false;
};

struct Cell {
  std::string text;  // Made harmless already (OneLine).
  Tone tone = Tone::kPlain;
};

struct Row {
  std::vector<Cell> cells;  // One a column.
  std::vector<Cell> below;  // Lines of their own under the row, indented to the second column.
};

// Prints titles and rows, two spaces between columns. Columns that may be cut share what is too
// wide, the widest first, and keep at least their title's width.
void PrintTable(const Console& console,
                const std::vector<Column>& columns,
                const std::vector<Row>& rows);

// Where `below` begins when the first column is as wide as its title and cells.
std::size_t IndentOf(const std::vector<Column>& columns, const std::vector<Row>& rows);

}  // namespace datastorage::cli
