#include "postgres/address.h"

#include <gtest/gtest.h>

namespace datastorage::postgres {
namespace {

TEST(Address, IsDescribedWithoutItsPassword) {
  EXPECT_EQ(DescriptionOf("postgresql://audit:s3cret@db.example:5433/audit?sslmode=require"),
            "db.example:5433/audit as audit");
  EXPECT_EQ(DescriptionOf("postgresql:///audit?host=a,b&password=s3cret"), "a,b/audit");
  EXPECT_EQ(DescriptionOf("postgresql:///audit"), "the local server/audit");
}

TEST(Address, ThatCannotBeReadIsNotQuoted) {
  const std::string wrong = "postgresql://audit:s3cret@db.example/audit?colour=red";
  const Result<void> checked = CheckConninfo(wrong);
  ASSERT_FALSE(checked.has_value());
  EXPECT_EQ(checked.error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(checked.error().message.find("s3cret"), std::string::npos);
  EXPECT_EQ(DescriptionOf(wrong).find("s3cret"), std::string::npos);
  EXPECT_TRUE(CheckConninfo("postgresql://a:b@c/d").has_value());
}

}  // namespace
}  // namespace datastorage::postgres
