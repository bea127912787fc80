#include "schema/decimal.h"

#include <gtest/gtest.h>

#include <random>

namespace datastorage::schema {
namespace {

TEST(Decimal, IsOneForEveryWayToSpellAValue) {
  for (const char* text : {"12", "12.0", "12.000", "1.2e1", "0.12E2", "120e-1", "0.012e+3"}) {
    EXPECT_EQ(ParseDecimal(text), (Decimal{false, "12", 0})) << text;
  }
  for (const char* text : {"0", "-0", "0.0", "-0.000e5", "0e99999999999999999999"}) {
    EXPECT_EQ(ParseDecimal(text), Decimal{}) << text;
  }
  EXPECT_EQ(ParseDecimal("-1.5e-3"), (Decimal{true, "15", -4}));
  EXPECT_EQ(ParseDecimal("1000"), (Decimal{false, "1", 3}));
}

TEST(Decimal, TellsIntegersOfSixtyFourBits) {
  EXPECT_EQ(ToInteger(ParseDecimal("9223372036854775807")), INT64_MAX);
  EXPECT_EQ(ToInteger(ParseDecimal("-9223372036854775808")), INT64_MIN);
  EXPECT_EQ(ToInteger(ParseDecimal("9223372036854775808")), std::nullopt);
  EXPECT_EQ(ToInteger(ParseDecimal("1e18")), 1'000'000'000'000'000'000);
  EXPECT_EQ(ToInteger(ParseDecimal("1e19")), std::nullopt);
  EXPECT_EQ(ToInteger(ParseDecimal("1e999999999")), std::nullopt);
  EXPECT_EQ(ToInteger(ParseDecimal("0.5")), std::nullopt);
  EXPECT_EQ(ToInteger(ParseDecimal("-0")), 0);
}

TEST(Decimal, IsWrittenPlainWithinReason) {
  const auto text = [](const char* number) { return ToText(ParseDecimal(number)); };
  EXPECT_EQ(text("1e20"), "100000000000000000000");
  EXPECT_EQ(text("1e21"), "1e+21");
  EXPECT_EQ(text("-12.50"), "-12.5");
  EXPECT_EQ(text("0.000001"), "0.000001");
  EXPECT_EQ(text("0.00000012"), "1.2e-7");
  EXPECT_EQ(text("-0.0"), "0");
}

// The text of a decimal is the same decimal again.
TEST(Decimal, ComesBackFromItsText) {
  std::mt19937_64 random(11);
  for (int i = 0; i < 20'000; ++i) {
    std::string number = std::to_string(random() >> (random() % 64));
    if (random() % 2 == 0) number += "." + std::to_string(random() % 10'000);
    if (random() % 2 == 0) number += "e" + std::to_string(static_cast<int>(random() % 60) - 30);
    if (random() % 2 == 0) number.insert(0, "-");
    const Decimal decimal = ParseDecimal(number);
    ASSERT_EQ(ParseDecimal(ToText(decimal)), decimal) << number;
  }
}

}  // namespace
}  // namespace datastorage::schema
