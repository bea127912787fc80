#include "schema/json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

namespace datastorage::schema {
namespace {

using testing::IsEmpty;

TEST(Json, TellsIntegersByValue) {
  const auto integer = [](const char* text) { return ParseJson(text)->value.AsInteger(); };
  EXPECT_EQ(integer("11"), 11);
  EXPECT_EQ(integer("11.0"), 11);
  EXPECT_EQ(integer("1.1e1"), 11);
  EXPECT_EQ(integer("1100e-2"), 11);
  EXPECT_EQ(integer("-0.0"), 0);
  EXPECT_EQ(integer("0e99999"), 0);
  EXPECT_EQ(integer("9223372036854775807"), INT64_MAX);
  EXPECT_EQ(integer("-9223372036854775808"), INT64_MIN);
  EXPECT_EQ(integer("9007199254740993.0"), 9007199254740993);
  EXPECT_EQ(integer("9223372036854775808"), std::nullopt);
  EXPECT_EQ(integer("1e300"), std::nullopt);
  EXPECT_EQ(integer("1.5"), std::nullopt);
  EXPECT_EQ(integer("1e-300"), std::nullopt);
  EXPECT_EQ(integer("\"11\""), std::nullopt);
}

TEST(Json, ReadsDoubles) {
  const auto number = [](const char* text) { return ParseJson(text)->value.AsDouble(); };
  EXPECT_EQ(number("0.1"), 0.1);
  EXPECT_EQ(number("1.7976931348623157e308"), 1.7976931348623157e308);
  EXPECT_EQ(number("1e-400"), 0.0);
  EXPECT_EQ(number("true"), std::nullopt);
}

// A random document in compact form must come back byte for byte.
class RandomJson {
 public:
  explicit RandomJson(unsigned seed) : random_(seed) {}

  Json Value(int depth) {
    const int choice = Below(depth > 0 ? 7 : 4);
    if (choice == 0) return Json();
    if (choice == 1) return Json::Boolean(Below(2) == 0);
    if (choice == 2) return Number();
    if (choice == 3) return Json::String(Text());
    Json container = choice == 4 ? Json::Array() : Json::Object();
    const int count = Below(5);
    for (int i = 0; i < count; ++i) {
      if (choice == 4) {
        container.Add(Value(depth - 1));
      } else {
        container.Add(std::to_string(i) + Text(), Value(depth - 1));
      }
    }
    return container;
  }

 private:
  int Below(int bound) { return std::uniform_int_distribution<int>(0, bound - 1)(random_); }

  Json Number() {
    Json number = Json::Integer(static_cast<std::int64_t>(random_() >> 1U));
    if (Below(2) == 0) number.text += "." + std::to_string(Below(1000));
    if (Below(2) == 0) number.text += (Below(2) == 0 ? "e-" : "E+") + std::to_string(Below(280));
    if (Below(2) == 0) number.text.insert(0, "-");
    return number;
  }

  std::string Text() {
    static const std::vector<std::string> pieces{
        "a", "\"", "\\", "/", "é", "漢", "😀", "\n", "\t", " ", "~", "\x1f", "\x7f"};
    std::string text;
    for (int i = Below(6); i > 0; --i) {
      text += pieces[static_cast<std::size_t>(Below(static_cast<int>(pieces.size())))];
    }
    return text;
  }

  std::mt19937_64 random_;
};

TEST(Json, ComesBackByteForByte) {
  for (unsigned seed = 0; seed < 5'000; ++seed) {
    const std::string text = ToText(RandomJson(seed).Value(5));
    const Result<ParsedJson> parsed = ParseJson(text);
    ASSERT_TRUE(parsed.has_value()) << "seed " << seed << ": " << text;
    EXPECT_THAT(parsed->defects, IsEmpty()) << "seed " << seed;
    ASSERT_EQ(ToText(parsed->value), text) << "seed " << seed;
  }
}

TEST(Json, EscapesPointerTokens) {
  EXPECT_EQ(EscapePointerToken("a/b~c"), "a~1b~0c");
}

TEST(Json, WritesDoublesShortest) {
  EXPECT_EQ(ToText(Json::Number(0.1)), "0.1");
  EXPECT_EQ(ToText(Json::Number(1)), "1");
  EXPECT_EQ(ToText(Json::Number(1e-7)), "1e-07");
}

}  // namespace
}  // namespace datastorage::schema
