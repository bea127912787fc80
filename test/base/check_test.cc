#include "base/check.h"

#include <gtest/gtest.h>

namespace datastorage {
namespace {

TEST(Check, PassesWhatHolds) {
  int count = 0;
  DS_CHECK(++count == 1);
  EXPECT_EQ(count, 1);
}

TEST(CheckDeathTest, StopsTheProcessAndNamesTheCondition) {
  EXPECT_DEATH(DS_CHECK(1 + 1 == 3), "1 \\+ 1 == 3");
}

}  // namespace
}  // namespace datastorage
