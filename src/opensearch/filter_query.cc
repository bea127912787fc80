#include "opensearch/filter_query.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "base/check.h"
#include "schema/json.h"
#include "schema/text.h"

namespace datastorage::opensearch {
namespace {

bool IsSendable(const MemberValue& value) {
  const auto* text = std::get_if<std::string>(&value);
  return text == nullptr || schema::IsUtf8(*text);
}

void AppendField(std::string& out, Member member) {
  out.append("\"").append(kMembersField).append(".").append(Describe(member).name).append("\"");
}

template <class Values>
void AppendTerms(std::string& out, Member member, const Values& values) {
  if (values.empty()) {
    out.append(R"({"match_none":{}})");
    return;
  }
  out.append(R"({"terms":{)");
  AppendField(out, member);
  out.append(":[");
  bool is_first = true;
  for (const MemberValue& value : values) {
    if (!is_first) out.push_back(',');
    is_first = false;
    AppendValue(out, value);
  }
  out.append("]}}");
}

void AppendBound(std::string& out, const std::optional<FilterBound>& bound, std::string_view name) {
  if (!bound.has_value()) return;
  if (out.back() != '{') out.push_back(',');
  out.append("\"").append(name).append(bound->is_inclusive ? "e\":" : "\":");
  AppendValue(out, bound->value);
}

void AppendRange(std::string& out, const Filter& leaf) {
  if (Describe(leaf.member).type == MemberType::kBoolean) {
    std::vector<MemberValue> inside;
    for (const bool truth : {false, true}) {
      if (Matches(leaf, {{{leaf.member, truth}}, {}})) inside.emplace_back(truth);
    }
    AppendTerms(out, leaf.member, inside);
    return;
  }
  out.append(R"({"range":{)");
  AppendField(out, leaf.member);
  out.append(":{");
  AppendBound(out, leaf.lower, "gt");
  AppendBound(out, leaf.upper, "lt");
  out.append("}}}");
}

void AppendPrefix(std::string& out, const Filter& leaf) {
  if (leaf.text.empty()) {
    out.append(R"({"exists":{"field":)");
    AppendField(out, leaf.member);
    out.append("}}");
    return;
  }
  out.append(R"({"prefix":{)");
  AppendField(out, leaf.member);
  out.push_back(':');
  schema::AppendQuoted(out, leaf.text);
  out.append("}}");
}

void AppendBranch(std::string& out, const Filter& filter, std::string_view clause) {
  out.append(R"({"bool":{")").append(clause).append("\":[");
  for (const Filter& child : filter.children) {
    if (&child != &filter.children.front()) out.push_back(',');
    AppendQuery(out, child);
  }
  out.append("]");
  if (filter.op == FilterOp::kOr) out.append(R"(,"minimum_should_match":1)");
  out.append("}}");
}

void AppendNumber(std::string& out, auto number) {
  std::array<char, 32> buffer;
  const auto [end, failure] = std::to_chars(buffer.data(), buffer.data() + buffer.size(), number);
  DS_CHECK(failure == std::errc());
  out.append(buffer.data(), end);
}

}  // namespace

FieldType FieldTypeOf(MemberType type) {
  switch (type) {
    case MemberType::kText: return FieldType::kKeyword;
    case MemberType::kInteger:
    case MemberType::kTime: return FieldType::kLong;
    case MemberType::kNumber: return FieldType::kDouble;
    case MemberType::kBoolean: return FieldType::kBoolean;
  }
  return FieldType::kKeyword;
}

bool Keeps(Member member) {
  return member != Member::kVector && !Describe(member).is_long_text;
}

bool CanDecide(const Filter& leaf) {
  const bool is_known =
      leaf.op == FilterOp::kAnyOf || leaf.op == FilterOp::kRange || leaf.op == FilterOp::kPrefix;
  if (!is_known || !Keeps(leaf.member)) return false;
  if (!std::all_of(leaf.values.begin(), leaf.values.end(), IsSendable)) return false;
  if (leaf.lower.has_value() && !IsSendable(leaf.lower->value)) return false;
  if (leaf.upper.has_value() && !IsSendable(leaf.upper->value)) return false;
  return schema::IsUtf8(leaf.text);
}

void AppendQuery(std::string& out, const Filter& filter) {
  switch (filter.op) {
    case FilterOp::kAnd:
      if (filter.children.empty()) {
        out.append(R"({"match_all":{}})");
      } else {
        AppendBranch(out, filter, "filter");
      }
      return;
    case FilterOp::kOr:
      if (filter.children.empty()) {
        out.append(R"({"match_none":{}})");
      } else {
        AppendBranch(out, filter, "should");
      }
      return;
    case FilterOp::kNot: AppendBranch(out, filter, "must_not"); return;
    case FilterOp::kAnyOf: AppendTerms(out, filter.member, filter.values); return;
    case FilterOp::kRange: AppendRange(out, filter); return;
    case FilterOp::kPrefix: AppendPrefix(out, filter); return;
    case FilterOp::kPath: break;
  }
  DS_CHECK(false);
}

void AppendValue(std::string& out, const MemberValue& value) {
  struct Visitor {
    void operator()(const std::string& text) const { schema::AppendQuoted(out, text); }
    void operator()(std::int64_t number) const { AppendNumber(out, number); }
    // The server orders -0.0 before 0.0; here they are equal.
    void operator()(double number) const { AppendNumber(out, number == 0.0 ? 0.0 : number); }
    void operator()(bool truth) const { out.append(truth ? "true" : "false"); }
    void operator()(WallTime time) const {
      AppendNumber(out, std::int64_t{time.time_since_epoch().count()});
    }
    std::string& out;
  };
  std::visit(Visitor{out}, value);
}

}  // namespace datastorage::opensearch
