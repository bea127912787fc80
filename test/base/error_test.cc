#include "base/error.h"

#include <gtest/gtest.h>

#include <set>

#include "base/result.h"

namespace datastorage {
namespace {

TEST(Error, HasANameForEveryCode) {
  std::set<std::string_view> names;
  for (int code = 0; code <= static_cast<int>(ErrorCode::kInternal); ++code) {
    names.insert(NameOf(static_cast<ErrorCode>(code)));
  }
  EXPECT_EQ(names.size(), 8U);
  EXPECT_EQ(NameOf(ErrorCode::kOutcomeUnknown), "outcome_unknown");
}

Result<int> Half(int number) {
  if (number % 2 != 0) return InvalidArgument("odd");
  return number / 2;
}

Result<int> Quarter(int number) {
  DS_ASSIGN_OR_RETURN(const int half, Half(number));
  DS_RETURN_IF_ERROR(Half(half));
  return half / 2;
}

TEST(Result, PassesErrorsOn) {
  EXPECT_EQ(Quarter(8).value(), 2);
  EXPECT_EQ(Quarter(6).error().message, "odd");
  EXPECT_EQ(Quarter(7).error().code, ErrorCode::kInvalidArgument);
}

}  // namespace
}  // namespace datastorage
