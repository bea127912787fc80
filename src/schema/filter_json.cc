// ParseFilterJson: the filter tree as the body of a search carries it.
#include <algorithm>

#include "base/limits.h"
#include "schema/decimal.h"
#include "schema/filter_parse.h"
#include "schema/filter_terms.h"

namespace datastorage::schema {
namespace {

constexpr std::string_view kOperators = "and, or, not, eq, in, range, prefix or path";

class TreeParser {
 public:
  explicit TreeParser(WallTime now) : now_(now) {}

  ParsedFilter Parse(const Json& json) {
    parsed_.filter = ParseNode(json, "", 1);
    return std::move(parsed_);
  }

 private:
  void Note(const std::string& pointer, std::string code, std::string message) {
    if (parsed_.errors.size() >= limits::kFilterNodeCountMax) return;
    parsed_.errors.push_back({std::nullopt, pointer, std::move(code), std::move(message)});
  }

  // False once the tree is too large: the rest is not looked at.
  bool CountNode(const std::string& pointer) {
    if (++node_count_ == limits::kFilterNodeCountMax + 1) {
      Note(pointer,
           "too_many_terms",
           "more than " + std::to_string(limits::kFilterNodeCountMax) + " terms and values");
    }
    return node_count_ <= limits::kFilterNodeCountMax;
  }

  Filter ParseNode(const Json& json, const std::string& pointer, int depth) {
    if (!CountNode(pointer)) return {};
    if (depth > limits::kFilterDepthMax) {
      Note(pointer,
           "too_deep",
           "nested deeper than " + std::to_string(limits::kFilterDepthMax) + " levels");
      return {};
    }
    if (json.type != JsonType::kObject || json.members.size() != 1) {
      Note(pointer, "bad_filter", "must be an object with one member: " + std::string(kOperators));
      return {};
    }
    const auto& [name, operand] = json.members.front();
    const std::string below = pointer + "/" + EscapePointerToken(name);
    if (name == "and") return Filter::And(ParseChildren(operand, below, depth));
    if (name == "or") return Filter::Or(ParseChildren(operand, below, depth));
    if (name == "not") return Filter::Not(ParseNode(operand, below, depth + 1));
    const Leaf leaf = LeafOf(name);
    if (leaf == nullptr) {
      Note(below, "unknown_operator", "must be " + std::string(kOperators));
      return {};
    }
    return ParseLeaves(operand, below, leaf);
  }

  std::vector<Filter> ParseChildren(const Json& json, const std::string& pointer, int depth) {
    std::vector<Filter> children;
    if (json.type != JsonType::kArray) Note(pointer, "wrong_type", "must be an array of filters");
    for (std::size_t i = 0; i < json.elements.size(); ++i) {
      if (node_count_ > limits::kFilterNodeCountMax) break;
      children.push_back(ParseNode(json.elements[i], pointer + "/" + std::to_string(i), depth + 1));
    }
    return children;
  }

  using Leaf = void (TreeParser::*)(const FilterSubject&,
                                    const Json&,
                                    const std::string&,
                                    std::vector<Filter>&);

  static Leaf LeafOf(std::string_view name) {
    if (name == "eq") return &TreeParser::ParseEquals;
    if (name == "in") return &TreeParser::ParseIn;
    if (name == "range") return &TreeParser::ParseRange;
    if (name == "prefix") return &TreeParser::ParsePrefix;
    if (name == "path") return &TreeParser::ParsePath;
    return nullptr;
  }

  // {"member": operand, …}: all of them.
  Filter ParseLeaves(const Json& json, const std::string& pointer, Leaf leaf) {
    std::vector<Filter> leaves;
    if (json.type != JsonType::kObject || json.members.empty()) {
      Note(pointer, "wrong_type", "must be an object of members");
    }
    for (const auto& [name, operand] : json.members) {
      const std::string below = pointer + "/" + EscapePointerToken(name);
      if (!CountNode(below)) break;
      const Result<FilterSubject> subject = ParseSubject(name);
      if (!subject.has_value()) {
        Note(below, "unknown_member", subject.error().message);
      } else if (!subject->member.has_value() && leaf != &TreeParser::ParsePath) {
        Note(below, "bad_filter", "paths into metadata stand under \"path\"");
      } else {
        (this->*leaf)(*subject, operand, below, leaves);
      }
    }
    return Joined(FilterOp::kAnd, std::move(leaves));
  }

  void ParseEquals(const FilterSubject& subject,
                   const Json& json,
                   const std::string& pointer,
                   std::vector<Filter>& leaves) {
    std::optional<MemberValue> value = Read(*subject.member, json, pointer);
    if (value.has_value()) leaves.push_back(Filter::Equals(*subject.member, *std::move(value)));
  }

  void ParseIn(const FilterSubject& subject,
               const Json& json,
               const std::string& pointer,
               std::vector<Filter>& leaves) {
    if (json.type != JsonType::kArray) {
      Note(pointer, "wrong_type", "must be an array of values");
      return;
    }
    std::vector<MemberValue> values;
    for (std::size_t i = 0; i < json.elements.size(); ++i) {
      const std::string below = pointer + "/" + std::to_string(i);
      if (!CountNode(below)) return;
      std::optional<MemberValue> value = Read(*subject.member, json.elements[i], below);
      if (value.has_value()) values.push_back(*std::move(value));
    }
    leaves.push_back(Filter::AnyOf(*subject.member, std::move(values)));
  }

  void ParseRange(const FilterSubject& subject,
                  const Json& json,
                  const std::string& pointer,
                  std::vector<Filter>& leaves) {
    std::optional<FilterBound> lower;
    std::optional<FilterBound> upper;
    Result<Filter> shape = RangeOf(subject, std::nullopt, std::nullopt);
    if (!shape.has_value()) {
      Note(pointer, "not_comparable", shape.error().message);
      return;
    }
    if (json.type != JsonType::kObject || json.members.empty()) {
      Note(pointer, "wrong_type", "must be an object with gt or gte, lt or lte");
      return;
    }
    for (const auto& [name, operand] : json.members) {
      const std::string below = pointer + "/" + EscapePointerToken(name);
      const bool is_lower = name == "gt" || name == "gte";
      std::optional<FilterBound>& bound = is_lower ? lower : upper;
      if ((!is_lower && name != "lt" && name != "lte") || bound.has_value()) {
        Note(below, "bad_filter", "must be one of gt and gte, and one of lt and lte");
        continue;
      }
      std::optional<MemberValue> value = Read(*subject.member, operand, below);
      if (value.has_value()) bound = FilterBound{*std::move(value), name.size() == 3};
    }
    leaves.push_back(Filter::Range(*subject.member, std::move(lower), std::move(upper)));
  }

  void ParsePrefix(const FilterSubject& subject,
                   const Json& json,
                   const std::string& pointer,
                   std::vector<Filter>& leaves) {
    Result<Filter> prefix = PrefixOf(subject, json.text);
    if (!prefix.has_value() || json.type != JsonType::kString) {
      Note(pointer, "wrong_type", prefix.has_value() ? "must be a string" : prefix.error().message);
      return;
    }
    leaves.push_back(*std::move(prefix));
  }

  void ParsePath(const FilterSubject& subject,
                 const Json& json,
                 const std::string& pointer,
                 std::vector<Filter>& leaves) {
    if (subject.member.has_value()) {
      Note(pointer, "bad_filter", "must be a path into metadata, such as metadata.team");
      return;
    }
    std::vector<std::string> texts;
    const bool is_list = json.type == JsonType::kArray;
    for (std::size_t i = 0; i < (is_list ? json.elements.size() : 1); ++i) {
      const Json& value = is_list ? json.elements[i] : json;
      const std::string below = is_list ? pointer + "/" + std::to_string(i) : pointer;
      if (!CountNode(below)) return;
      if (value.type == JsonType::kString) {
        texts.push_back(value.text);
      } else if (value.type == JsonType::kNumber) {
        texts.push_back(ToText(ParseDecimal(value.text)));
      } else if (value.type == JsonType::kBoolean) {
        texts.emplace_back(value.boolean ? "true" : "false");
      } else {
        Note(below, "wrong_type", "must be a string, a number, true, false, or an array of these");
      }
    }
    leaves.push_back(Filter::Path(subject.path, std::move(texts)));
  }

  // The value as JSON types it; strings also spell times, and milliseconds with a unit.
  std::optional<MemberValue> Read(Member member, const Json& json, const std::string& pointer) {
    const MemberType type = Describe(member).type;
    const bool is_spelt = type == MemberType::kText || type == MemberType::kTime ||
                          (IsMilliseconds(member) && json.type == JsonType::kString);
    if (type == MemberType::kInteger && json.AsInteger().has_value()) return *json.AsInteger();
    if (type == MemberType::kNumber && json.AsDouble().has_value()) return *json.AsDouble();
    if (type == MemberType::kBoolean && json.type == JsonType::kBoolean) return json.boolean;
    if (!is_spelt || json.type != JsonType::kString) {
      Note(pointer, "wrong_type", TypeMessage(type));
      return std::nullopt;
    }
    Result<MemberValue> value = ParseMemberValue(member, json.text, now_);
    if (value.has_value()) return *std::move(value);
    Note(pointer, "bad_value", value.error().message);
    return std::nullopt;
  }

  static std::string TypeMessage(MemberType type) {
    switch (type) {
      case MemberType::kText: return "must be a string";
      case MemberType::kInteger: return "must be an integer";
      case MemberType::kNumber: return "must be a number";
      case MemberType::kBoolean: return "must be true or false";
      case MemberType::kTime: break;
    }
    return "must be a string with a time";
  }

  WallTime now_;
  ParsedFilter parsed_;
  int node_count_ = 0;
};

}  // namespace

ParsedFilter ParseFilterJson(const Json& json, WallTime now) {
  if (json.type == JsonType::kString) return ParseWhere(json.text, false, now);
  return TreeParser(now).Parse(json);
}

}  // namespace datastorage::schema
