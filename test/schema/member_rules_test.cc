// Every member × every rule, from the tables in rules/*.txt, which are kept by hand from the
// contract of the records: a line per member, then `value code` pairs. Each pair replaces one
// member of a valid body and expects exactly the named violations ("ok": none).
//
// Values are JSON, or: @missing, @duplicate (the member twice), @added… (a member that the body
// lacks), @x7 and @astral7 (a text of 7 characters), @bytes7 and @bytestring7 (metadata of 7 bytes,
// as an object or in a string), @depth7 and @depthstring7. Codes: joined by "+", with "@/pointer"
// where it is not the member's own ("@/a" stands for what is below it).
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <set>
#include <sstream>

#include "schema/members.h"
#include "schema/record_json.h"
#include "schema/sample_bodies.h"
#include "schema/validate.h"

namespace datastorage::schema {
namespace {

struct Rule {
  std::string member;
  std::string value;
  std::string expected;
};

std::vector<std::string> Split(const std::string& text, const std::string& separator) {
  std::vector<std::string> parts;
  std::size_t begin = 0;
  for (std::size_t end = 0; end != std::string::npos; begin = end + separator.size()) {
    end = text.find(separator, begin);
    parts.push_back(text.substr(begin, end == std::string::npos ? end : end - begin));
  }
  return parts;
}

std::vector<Rule> RulesOf(RecordKind kind) {
  const std::string name =
      kind == RecordKind::kAiAnalysis ? "ai_analysis" : std::string(NameOf(kind));
  std::ifstream file(std::string(DS_SOURCE_DIR) + "/test/schema/rules/" + name + ".txt");
  std::string line;
  std::string member;
  std::vector<Rule> rules;
  while (std::getline(file, line)) {
    std::vector<std::string> parts = Split(line, " | ");
    if (!line.starts_with("  | ")) member = parts.front();
    for (std::size_t i = 1; i < parts.size(); ++i) {
      const std::size_t gap = parts[i].rfind(' ');
      rules.push_back({member, parts[i].substr(0, gap), parts[i].substr(gap + 1)});
    }
  }
  return rules;
}

std::string Repeated(const std::string& piece, std::size_t count) {
  std::string text;
  for (std::size_t i = 0; i < count; ++i) text += piece;
  return text;
}

std::string QuotedText(const std::string& text) {
  std::string quoted;
  AppendQuoted(quoted, text);
  return quoted;
}

std::string ObjectOfDepth(std::size_t depth) {
  return Repeated(R"({"a":)", depth - 1) + "{}" + std::string(depth - 1, '}');
}

std::string ObjectOfBytes(std::size_t size) {
  return R"({"a":")" + std::string(size - 8, 'x') + "\"}";
}

std::string Expand(const std::string& value) {
  const std::size_t digits = value.find_first_of("0123456789");
  if (!value.starts_with('@') || digits == std::string::npos) return value;
  const std::string name = value.substr(1, digits - 1);
  const std::size_t size = std::stoul(value.substr(digits));
  if (name == "x") return QuotedText(std::string(size, 'x'));
  if (name == "astral") return QuotedText(Repeated("😀", size));
  if (name == "bytes") return ObjectOfBytes(size);
  if (name == "bytestring") return QuotedText(ObjectOfBytes(size));
  if (name == "depth") return ObjectOfDepth(size);
  EXPECT_EQ(name, "depthstring");
  return QuotedText(ObjectOfDepth(size));
}

// The full body of the kind with one member changed as the rule says.
std::string BodyFor(const Rule& rule, RecordKind kind) {
  std::string text;
  const auto add = [&](const std::string& name, const std::string& raw) {
    text += (text.empty() ? "{" : ",") + QuotedText(name) + ":" + raw;
  };
  for (const auto& [name, value] : Parsed(FullBodyOf(kind)).value.members) {
    if (name != rule.member) {
      add(name, ToText(value));
    } else if (rule.value == "@duplicate") {
      add(name, ToText(value));
      add(name, ToText(value));
    } else if (rule.value != "@missing") {
      add(name, Expand(rule.value));
    }
  }
  if (rule.value.starts_with("@added")) add(rule.member, rule.value.substr(6));
  return text + "}";
}

std::vector<std::string> ExpectedOf(const Rule& rule) {
  if (rule.expected == "ok") return {};
  std::vector<std::string> expected;
  for (const std::string& code : Split(rule.expected, "+")) {
    const std::size_t at = code.find('@');
    std::string pointer = "/" + rule.member;
    if (at != std::string::npos) {
      const std::string given = code.substr(at + 1);
      pointer = rule.member == "metadata" ? pointer + given : given;
    }
    expected.push_back(pointer + " " + code.substr(0, at));
  }
  return expected;
}

std::vector<std::string> Told(const std::vector<Violation>& violations) {
  std::vector<std::string> told;
  for (const Violation& violation : violations) {
    EXPECT_FALSE(violation.message.empty());
    told.push_back(violation.pointer + " " + violation.code);
  }
  return told;
}

class MemberRules : public testing::TestWithParam<RecordKind> {};

TEST_P(MemberRules, AreHeld) {
  const std::vector<Rule> rules = RulesOf(GetParam());
  ASSERT_GT(rules.size(), 100U);
  for (const Rule& rule : rules) {
    const std::string text = BodyFor(rule, GetParam());
    const ParsedBody parsed = ParseCreate(GetParam(), Parsed(text));
    const std::string what = rule.member + " " + rule.value;
    EXPECT_EQ(Told(parsed.violations), ExpectedOf(rule)) << what;
    EXPECT_EQ(parsed.body.has_value(), parsed.violations.empty()) << what;
    if (!parsed.body.has_value()) continue;
    const std::string stored = BodyToStoredText(*parsed.body);
    const Result<RecordBody> read = BodyFromStoredText(GetParam(), stored);
    ASSERT_TRUE(read.has_value()) << what;
    EXPECT_EQ(*read, *parsed.body) << what;
  }
}

// A text, as it was sent, is what is answered.
TEST_P(MemberRules, KeepAcceptedTextsByteForByte) {
  for (const Rule& rule : RulesOf(GetParam())) {
    if (rule.expected != "ok" || rule.member == "metadata" || rule.member.ends_with("_time"))
      continue;
    const std::string value = Expand(rule.value);
    if (!value.starts_with('"')) continue;
    const ParsedBody parsed = ParseCreate(GetParam(), Parsed(BodyFor(rule, GetParam())));
    ASSERT_TRUE(parsed.body.has_value());
    EXPECT_EQ(BodyToJson(*parsed.body).Find(rule.member)->text, Parsed(value).value.text);
  }
}

TEST_P(MemberRules, CoverEveryMember) {
  std::set<std::string> covered;
  for (const Rule& rule : RulesOf(GetParam())) covered.insert(rule.member);
  for (const Member member : MembersOf(GetParam())) {
    EXPECT_TRUE(covered.contains(std::string(Describe(member).name))) << Describe(member).name;
  }
  EXPECT_TRUE(covered.contains("metadata"));
}

TEST_P(MemberRules, AcceptTheFullBodyAsItIs) {
  const ParsedBody parsed = ParseCreate(GetParam(), Parsed(FullBodyOf(GetParam())));
  ASSERT_TRUE(parsed.body.has_value());
  EXPECT_EQ(BodyToStoredText(*parsed.body), FullBodyOf(GetParam()));
  EXPECT_EQ(ToText(BodyToJson(*parsed.body)), FullBodyOf(GetParam()));
}

INSTANTIATE_TEST_SUITE_P(Kinds, MemberRules, testing::ValuesIn(kAllKinds), [](const auto& tested) {
  return std::string(NameOf(tested.param));
});

}  // namespace
}  // namespace datastorage::schema
