// The rules themselves are held for every member by member_rules_test.cc; here is what a violation
// says, since people read it.
#include "schema/read_value.h"

#include <gtest/gtest.h>

#include <array>

#include "schema/sample_bodies.h"

namespace datastorage::schema {
namespace {

template <class Value>
std::string Messages(std::string_view json, FieldRules rules = {}) {
  Value value{};
  Violations violations;
  ReadValue(Parsed(json).value, rules, "/x", value, violations);
  std::string messages;
  for (const Violation& violation : violations.Take()) {
    EXPECT_EQ(violation.pointer, "/x");
    messages += (messages.empty() ? "" : "; ") + violation.message;
  }
  return messages;
}

TEST(ReadValue, SaysWhatMustBe) {
  static constexpr std::array<std::string_view, 2> kColours{"red", "green"};
  EXPECT_EQ(Messages<std::string>("7"), "must be a string");
  EXPECT_EQ(Messages<std::string>(R"("  ")", {.is_required = true, .length_max = 1}),
            "must have a character that is not white space; must not be longer than 1 characters");
  EXPECT_EQ(Messages<std::string>(R"("blue")", {.one_of = kColours}), "must be one of red, green");
  EXPECT_EQ(Messages<std::string>(R"("X")", {.is_trace_id = true}),
            "must be 32 lower-case hex digits, not all zero");
  EXPECT_EQ(Messages<std::int64_t>("1.5"), "must be an integer");
  EXPECT_EQ(Messages<std::int64_t>("-1", {.maximum = 9}), "must be from 0 to 9");
  EXPECT_EQ(Messages<double>("1.5", {.maximum = 1}), "must be from 0 to 1");
  EXPECT_EQ(Messages<bool>("0"), "must be true or false");
  EXPECT_EQ(Messages<WallTime>("0"), "must be a string with an RFC 3339 time");
  EXPECT_EQ(Messages<std::optional<JsonObjectText>>("[]"),
            "must be an object, or a string that holds one");
}

TEST(ReadValue, SetsWhatIsSound) {
  Violations violations;
  std::optional<std::int64_t> number;
  ReadValue(Parsed("1.1e1").value, FieldRules{}, "/x", number, violations);
  EXPECT_EQ(number, 11);
  std::string text;
  ReadValue(Parsed(R"("\u00e9")").value, FieldRules{}, "/x", text, violations);
  EXPECT_EQ(text, "é");
  EXPECT_EQ(violations.size(), 0U);
}

}  // namespace
}  // namespace datastorage::schema
