#include "cli/console.h"

#include <gtest/gtest.h>

#include <sstream>

namespace datastorage::cli {
namespace {

TEST(Console, ColorsOnlyWhereThereIsColor) {
  std::stringstream stream;
  Console console{stream, stream, stream};
  EXPECT_EQ(Toned(console, Tone::kBad, "x"), "x");
  console.has_color = true;
  EXPECT_EQ(Toned(console, Tone::kBad, "x"), "\x1b[31mx\x1b[0m");
  EXPECT_EQ(Toned(console, Tone::kPlain, "x"), "x");
}

// The test's own output may be a terminal or not; what the environment forbids holds in both.
TEST(Console, ObeysTheEnvironment) {
  EXPECT_FALSE(ProcessConsole({{"NO_COLOR", "1"}}).has_color);
  EXPECT_FALSE(ProcessConsole({{"TERM", "dumb"}}).has_color);
  EXPECT_FALSE(ProcessConsole({{"TERM", "dumb"}}).shows_progress);
  EXPECT_GE(ProcessConsole({{"COLUMNS", "3"}}).width, 40U);
  EXPECT_GE(ProcessConsole({{"COLUMNS", "wide"}}).width, 40U);
}

}  // namespace
}  // namespace datastorage::cli
