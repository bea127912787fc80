// Arrays cut into their elements.
#include "http/batch_array.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "base/limits.h"
#include "schema/json.h"

namespace datastorage::http {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(BatchArray, IsCutAtItsOwnCommas) {
  const auto elements =
      SplitJsonArray(" [ {\"a\":[1,2],\"b\":\"],\\\"\\\\\"} ,\n[],\"x,y\" , 7 ] \r\n", 4);
  ASSERT_TRUE(elements.has_value());
  EXPECT_THAT(*elements, ElementsAre("{\"a\":[1,2],\"b\":\"],\\\"\\\\\"}", "[]", "\"x,y\"", "7"));
  EXPECT_THAT(*SplitJsonArray("[ ]", 0), IsEmpty());
}

TEST(BatchArray, RefusesWhatIsNoArray) {
  for (const char* text : {"",
                           "{}",
                           "[",
                           "[1",
                           "[1,",
                           "[1,]",
                           "[,1]",
                           "[1]x",
                           "[1][2]",
                           "[\"",
                           "[\"\\",
                           "\xEF\xBB\xBF[]",
                           "[{]"}) {
    const auto elements = SplitJsonArray(text, 10);
    const bool is_refused =
        !elements.has_value() || !schema::ParseJson(elements->front()).has_value();
    EXPECT_TRUE(is_refused) << text;
  }
}

TEST(BatchArray, CountsElements) {
  EXPECT_TRUE(SplitJsonArray("[1,2]", 2).has_value());
  const auto many = SplitJsonArray("[1,2,3]", 2);
  ASSERT_FALSE(many.has_value());
  EXPECT_EQ(many.error().code, ErrorCode::kResourceExhausted);
}

TEST(BatchArray, CountsTheArrayAsALevel) {
  for (const int depth : {limits::kJsonDepthMax, limits::kJsonDepthMax + 1}) {
    const auto count = static_cast<std::size_t>(depth);
    const std::string text = std::string(count, '[') + std::string(count, ']');
    EXPECT_EQ(SplitJsonArray(text, 1).has_value(), depth == limits::kJsonDepthMax);
    EXPECT_EQ(schema::ParseJson(text).has_value(), depth == limits::kJsonDepthMax);
  }
}

// Whatever the bytes: the cut array is JSON exactly when the whole is.
TEST(BatchArray, AgreesWithTheParser) {
  std::mt19937_64 random(7);
  constexpr std::string_view kAlphabet = "[]{}\",:\\1 ";
  int json_count = 0;
  for (int i = 0; i < 200'000; ++i) {
    std::string text = "[";
    const std::size_t length = random() % 10;
    while (text.size() <= length) text += kAlphabet[random() % kAlphabet.size()];
    text += "]";
    const auto whole = schema::ParseJson(text);
    const auto elements = SplitJsonArray(text, 100);
    bool is_json = elements.has_value();
    for (const std::string_view element : elements.value_or(std::vector<std::string_view>())) {
      is_json = is_json && schema::ParseJson(element).has_value();
    }
    ASSERT_EQ(is_json, whole.has_value()) << text;
    if (!is_json) continue;
    ++json_count;
    EXPECT_EQ(elements->size(), whole->value.elements.size()) << text;
  }
  EXPECT_GT(json_count, 1'000);
}

}  // namespace
}  // namespace datastorage::http
