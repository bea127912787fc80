#include "cli/table.h"

#include <gtest/gtest.h>

#include <sstream>

namespace datastorage::cli {
namespace {

std::string Printed(std::size_t width,
                    const std::vector<Column>& columns,
                    const std::vector<Row>& rows) {
  std::stringstream out;
  Console console{out, out, out};
  console.width = width;
  PrintTable(console, columns, rows);
  return out.str();
}

const std::vector<Column> kColumns = {{"ID"}, {"N", false, true}, {"NAME", true}, {"TEXT", true}};

TEST(Table, AlignsColumnsByWhatATerminalShows) {
  const std::vector<Row> rows = {{{{"a"}, {"5"}, {"日本"}, {"x"}}, {{"below"}}},
                                 {{{"bcd"}, {"1234"}, {"é"}, {""}}, {}}};
  EXPECT_EQ(Printed(80, kColumns, rows),
            "ID      N  NAME  TEXT\n"
            "a       5  日本  x\n"
            "     below\n"
            "bcd  1234  é\n");
  EXPECT_EQ(IndentOf(kColumns, rows), 5U);
}

TEST(Table, CutsTheWidestColumnThatMayBeCut) {
  const std::vector<Row> rows = {{{{"0123456789"}, {"1"}, {"short"}, {"a rather long text"}}, {}}};
  EXPECT_EQ(Printed(34, kColumns, rows),
            "ID          N  NAME   TEXT\n"
            "0123456789  1  short  a rather lo…\n");
  // Beyond that titles and what may not be cut stay whole, even if they do not fit.
  EXPECT_EQ(Printed(10, kColumns, rows),
            "ID          N  NAME  TEXT\n"
            "0123456789  1  sho…  a r…\n");
}

}  // namespace
}  // namespace datastorage::cli
