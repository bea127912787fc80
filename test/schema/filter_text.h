// Filters as text, for tests: Show for people, WhereText in the filter language.
#pragma once

#include <charconv>
#include <string>

#include "domain/filter.h"
#include "schema/time.h"

namespace datastorage::schema {

inline std::string ValueText(const MemberValue& value) {
  struct Visitor {
    std::string operator()(const std::string& text) const { return text; }
    std::string operator()(std::int64_t number) const { return std::to_string(number); }
    std::string operator()(bool truth) const { return truth ? "true" : "false"; }
    std::string operator()(WallTime time) const { return FormatTime(time); }
    std::string operator()(double number) const {
      char buffer[40];
      return {buffer, std::to_chars(buffer, buffer + sizeof buffer, number).ptr};
    }
  };
  return std::visit(Visitor{}, value);
}

inline std::string SubjectText(const Filter& filter) {
  if (filter.op == FilterOp::kPath) return "metadata." + filter.text;
  return std::string(Describe(filter.member).name);
}

// Such as "and(namespace=prod|test, not(duration[5,)), name^web-)".
inline std::string Show(const Filter& filter) {
  std::string inner;
  for (const Filter& child : filter.children) inner += (inner.empty() ? "" : ", ") + Show(child);
  for (const MemberValue& value : filter.values)
    inner += (inner.empty() ? "" : "|") + ValueText(value);
  switch (filter.op) {
    case FilterOp::kAnd: return "and(" + inner + ")";
    case FilterOp::kOr: return "or(" + inner + ")";
    case FilterOp::kNot: return "not(" + inner + ")";
    case FilterOp::kAnyOf:
    case FilterOp::kPath: return SubjectText(filter) + "=" + inner;
    case FilterOp::kPrefix: return SubjectText(filter) + "^" + filter.text;
    case FilterOp::kRange: break;
  }
  std::string range = SubjectText(filter);
  range += filter.lower.has_value() && !filter.lower->is_inclusive ? "(" : "[";
  if (filter.lower.has_value()) range += ValueText(filter.lower->value);
  range += ",";
  if (filter.upper.has_value()) range += ValueText(filter.upper->value);
  return range + (filter.upper.has_value() && filter.upper->is_inclusive ? "]" : ")");
}

inline std::string QuotedValue(const std::string& text) {
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') quoted += '\\';
    quoted += c;
  }
  return quoted + "\"";
}

// The filter in the language of `where`.
// REQUIRES: no branch or list is empty; ranges have one bound; prefixes need no quotes.
inline std::string WhereText(const Filter& filter) {
  std::string inner;
  const std::string joint = filter.op == FilterOp::kOr ? " OR " : " ";
  for (const Filter& child : filter.children)
    inner += (inner.empty() ? "" : joint) + WhereText(child);
  for (const MemberValue& value : filter.values) {
    inner += (inner.empty() ? "" : ",") + QuotedValue(ValueText(value));
  }
  switch (filter.op) {
    case FilterOp::kAnd:
    case FilterOp::kOr: return "(" + inner + ")";
    case FilterOp::kNot: return "-" + inner;
    case FilterOp::kAnyOf:
    case FilterOp::kPath: return SubjectText(filter) + ":(" + inner + ")";
    case FilterOp::kPrefix: return SubjectText(filter) + ":" + filter.text + "*";
    case FilterOp::kRange: break;
  }
  const FilterBound& bound = filter.lower.has_value() ? *filter.lower : *filter.upper;
  return SubjectText(filter) + (filter.lower.has_value() ? ">" : "<") +
         (bound.is_inclusive ? "=" : "") + ValueText(bound.value);
}

}  // namespace datastorage::schema
