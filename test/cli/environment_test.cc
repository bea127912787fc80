#include "cli/environment.h"

#include <gtest/gtest.h>

#include <cstdlib>

namespace datastorage::cli {
namespace {

TEST(Environment, SplitsAtTheFirstEqualsSign) {
  ASSERT_EQ(setenv("DATASTORAGE_TEST_VARIABLE", "a=b=c", 1), 0);
  const Environment environment = ProcessEnvironment();
  const auto found = environment.find("DATASTORAGE_TEST_VARIABLE");
  ASSERT_NE(found, environment.end());
  EXPECT_EQ(found->second, "a=b=c");
  unsetenv("DATASTORAGE_TEST_VARIABLE");
  EXPECT_FALSE(ProcessEnvironment().contains("DATASTORAGE_TEST_VARIABLE"));
}

}  // namespace
}  // namespace datastorage::cli
