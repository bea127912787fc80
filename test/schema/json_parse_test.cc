#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/limits.h"
#include "schema/json.h"

namespace datastorage::schema {
namespace {

using testing::ElementsAre;
using testing::Field;
using testing::HasSubstr;
using testing::IsEmpty;

struct RefusedCase {
  const char* name;
  std::string text;
  const char* reason;
};

class RefusedJson : public testing::TestWithParam<RefusedCase> {};

TEST_P(RefusedJson, IsAnErrorThatSaysWhy) {
  const Result<ParsedJson> parsed = ParseJson(GetParam().text);
  ASSERT_FALSE(parsed.has_value());
  EXPECT_EQ(parsed.error().code, ErrorCode::kInvalidArgument);
  EXPECT_THAT(parsed.error().message, HasSubstr(GetParam().reason));
}

std::string Nested(int depth) {
  const auto count = static_cast<std::size_t>(depth);
  return std::string(count, '[') + std::string(count, ']');
}

std::string NestedObjects(int depth) {
  std::string text;
  for (int i = 1; i < depth; ++i) text += R"({"a":)";
  return text + "{}" + std::string(static_cast<std::size_t>(depth - 1), '}');
}

INSTANTIATE_TEST_SUITE_P(
    Cases,
    RefusedJson,
    testing::Values(RefusedCase{"empty", "", "incomplete"},
                    RefusedCase{"blank", " \n", "incomplete"},
                    RefusedCase{"byte_order_mark", "\xEF\xBB\xBF{}", "byte order mark"},
                    RefusedCase{"utf16", std::string("{\0}\0", 4), "bad syntax"},
                    RefusedCase{"bad_utf8", "\"\xFF\"", "UTF-8"},
                    RefusedCase{"cut_utf8", "\"\xE2\x82\"", "UTF-8"},
                    RefusedCase{"overlong_utf8", "\"\xC0\xAF\"", "UTF-8"},
                    RefusedCase{"surrogate_in_utf8", "\"\xED\xA0\x80\"", "UTF-8"},
                    RefusedCase{"above_unicode", "\"\xF4\x90\x80\x80\"", "UTF-8"},
                    RefusedCase{"lone_leading_surrogate", R"("\ud800")", "surrogate"},
                    RefusedCase{"lone_leading_surrogate_then_text", R"("\ud800x")", "surrogate"},
                    RefusedCase{"two_leading_surrogates", R"("\ud800\ud800")", "surrogate"},
                    RefusedCase{"lone_trailing_surrogate", R"("\udc00")", "surrogate"},
                    RefusedCase{"raw_control", "\"a\nb\"", "syntax"},
                    RefusedCase{"raw_nul", std::string("\"a\0b\"", 5), "syntax"},
                    RefusedCase{"huge_number", "1e400", "range of a double"},
                    RefusedCase{"huge_negative_number", "-1e309", "range of a double"},
                    RefusedCase{"huge_exponent", "1e99999999999999999999", "range of a double"},
                    RefusedCase{"huge_digits", std::string(400, '9'), "range of a double"},
                    RefusedCase{"nan", "NaN", "syntax"},
                    RefusedCase{"infinity", "Infinity", "syntax"},
                    RefusedCase{"minus_infinity", "-Infinity", "syntax"},
                    RefusedCase{"leading_zero", "01", "bytes follow"},
                    RefusedCase{"leading_plus", "+1", "syntax"},
                    RefusedCase{"bare_point", "1.", "syntax"},
                    RefusedCase{"point_first", ".5", "syntax"},
                    RefusedCase{"hex", "0x10", "bytes follow"},
                    RefusedCase{"trailing_bytes", "{} x", "bytes follow"},
                    RefusedCase{"two_documents", "{}{}", "bytes follow"},
                    RefusedCase{"trailing_nul", std::string("{}\0", 3), "bytes follow"},
                    RefusedCase{"comment", "{/* */}", "syntax"},
                    RefusedCase{"trailing_comma", "[1,]", "syntax"},
                    RefusedCase{"single_quotes", "{'a':1}", "syntax"},
                    RefusedCase{"bad_escape", R"("\x41")", "syntax"},
                    RefusedCase{"cut_string", "\"abc", "incomplete"},
                    RefusedCase{"cut_object", R"({"a":1)", "incomplete"},
                    RefusedCase{"cut_literal", "tru", "incomplete"},
                    RefusedCase{"wrong_case", "True", "syntax"},
                    RefusedCase{"deep_arrays", Nested(65), "deeper than 64"},
                    RefusedCase{"deep_objects", NestedObjects(65), "deeper than 64"},
                    RefusedCase{"very_deep", Nested(1'000'000), "deeper than 64"}),
    [](const auto& tested) { return std::string(tested.param.name); });

TEST(ParseJson, NestsSixtyFourLevels) {
  EXPECT_TRUE(ParseJson(Nested(64)).has_value());
  EXPECT_TRUE(ParseJson(NestedObjects(64)).has_value());
}

struct KeptCase {
  const char* sent;
  const char* compact;
};

TEST(ParseJson, KeepsWhatWasSent) {
  const std::vector<KeptCase> cases{
      {" { \"b\" : 1 , \"a\" : [ ] } ", R"({"b":1,"a":[]})"},
      {"[1, 1.0, 1e0, 1E+00, -0, -0.0, 0.10]", "[1,1.0,1e0,1E+00,-0,-0.0,0.10]"},
      {"12345678901234567890123.4567890", "12345678901234567890123.4567890"},
      {"[1e-400,1e308,9007199254740993,18446744073709551616]",
       "[1e-400,1e308,9007199254740993,18446744073709551616]"},
      {"1e-99999", "1e-99999"},
      {R"("\u00e9\/\ud83d\ude00\u0041")", "\"é/😀A\""},
      {R"("\b\f\n\r\t\"\\\u001f\u007f")", "\"\\b\\f\\n\\r\\t\\\"\\\\\\u001f\x7f\""},
      {"[true,false,null]", "[true,false,null]"},
      {R"({"":{"":""}})", R"({"":{"":""}})"},
  };
  for (const KeptCase& kept : cases) {
    const Result<ParsedJson> parsed = ParseJson(kept.sent);
    ASSERT_TRUE(parsed.has_value()) << kept.sent << ": " << parsed.error().message;
    EXPECT_EQ(ToText(parsed->value), kept.compact);
    EXPECT_THAT(parsed->defects, IsEmpty());
  }
}

TEST(ParseJson, ListsEveryDuplicateAndNulByPointer) {
  const Result<ParsedJson> parsed =
      ParseJson(R"({"a":1,"b/c":[{"x":1},{"y~":"\u0000","y~":2,"y~":3}],)"
                R"("a":{"d\u0000":1},"e":["ok","\u0000"]})");
  ASSERT_TRUE(parsed.has_value());
  const auto defect = [](const char* pointer, const char* code) {
    return testing::AllOf(Field(&JsonDefect::pointer, std::string(pointer)),
                          Field(&JsonDefect::code, std::string(code)));
  };
  std::string nul_pointer = "/a/d";
  nul_pointer.push_back('\0');
  EXPECT_THAT(parsed->defects,
              ElementsAre(defect("/b~1c/1/y~0", "nul_character"),
                          defect("/b~1c/1/y~0", "duplicate_member"),
                          Field(&JsonDefect::pointer, nul_pointer),
                          defect("/e/1", "nul_character"),
                          defect("/a", "duplicate_member")));
}

TEST(ParseJson, BoundsTheDefectsOfAHostileDocument) {
  std::string text = "[";
  for (int i = 0; i < 5'000; ++i) text += "\"\\u0000\",";
  const Result<ParsedJson> parsed = ParseJson(text + "0]");
  ASSERT_TRUE(parsed.has_value());
  EXPECT_EQ(parsed->defects.size(), limits::kViolationCountMax);
}

}  // namespace
}  // namespace datastorage::schema
