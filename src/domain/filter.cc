#include "domain/filter.h"

#include <algorithm>

#include "base/check.h"

namespace datastorage {
namespace {

bool InRange(const Filter& filter, const MemberValue& value) {
  if (filter.lower.has_value()) {
    const int order = Compare(value, filter.lower->value);
    if (order < 0 || (order == 0 && !filter.lower->is_inclusive)) return false;
  }
  if (filter.upper.has_value()) {
    const int order = Compare(value, filter.upper->value);
    if (order > 0 || (order == 0 && !filter.upper->is_inclusive)) return false;
  }
  return true;
}

bool PathMatches(const Filter& filter, const FilterMembers& members) {
  return std::any_of(
      members.metadata.begin(), members.metadata.end(), [&](const MetadataScalar& scalar) {
        if (scalar.path != filter.text) return false;
        return std::any_of(filter.values.begin(), filter.values.end(), [&](const MemberValue& v) {
          return std::get<std::string>(v) == scalar.text;
        });
      });
}

bool LeafMatches(const Filter& filter, const FilterMembers& members) {
  if (filter.op == FilterOp::kPath) return PathMatches(filter, members);
  const MemberValue* value = members.Find(filter.member);
  if (value == nullptr) return false;
  if (filter.op == FilterOp::kRange) return InRange(filter, *value);
  if (filter.op == FilterOp::kPrefix) return std::get<std::string>(*value).starts_with(filter.text);
  return std::any_of(filter.values.begin(), filter.values.end(), [&](const MemberValue& wanted) {
    return Compare(*value, wanted) == 0;
  });
}

std::string Quoted(std::string_view text) {
  std::string quoted = std::to_string(text.size());
  quoted.append(":").append(text);
  return quoted;
}

std::string CanonicalValue(const MemberValue& value) {
  struct Visitor {
    std::string operator()(const std::string& text) const { return "s" + Quoted(text); }
    std::string operator()(std::int64_t number) const { return "i" + std::to_string(number); }
    std::string operator()(double number) const {
      char buffer[40];
      std::snprintf(buffer, sizeof buffer, "d%.17g", number);
      return buffer;
    }
    std::string operator()(bool truth) const { return truth ? "b1" : "b0"; }
    std::string operator()(WallTime time) const {
      return "t" + std::to_string(time.time_since_epoch().count());
    }
  };
  return std::visit(Visitor{}, value);
}

std::string CanonicalBound(const std::optional<FilterBound>& bound) {
  if (!bound.has_value()) return "-";
  return (bound->is_inclusive ? "[" : "(") + CanonicalValue(bound->value);
}

std::string CanonicalValues(const std::vector<MemberValue>& values) {
  std::vector<std::string> texts;
  texts.reserve(values.size());
  for (const MemberValue& value : values) texts.push_back(CanonicalValue(value));
  std::sort(texts.begin(), texts.end());
  std::string joined;
  for (const std::string& text : texts) joined.append(text).append(",");
  return joined;
}

bool IsBranch(FilterOp op) {
  return op == FilterOp::kAnd || op == FilterOp::kOr || op == FilterOp::kNot;
}

// Replaces undecidable leaves by the constant that keeps the tree a superset:
// true where the leaf stands under an even number of nots, else false.
WidenedFilter WidenUnder(const Filter& filter, bool (*can_decide)(const Filter&), bool positive) {
  if (!IsBranch(filter.op)) {
    if (can_decide(filter)) return {filter, true};
    return {positive ? Filter::And({}) : Filter::Or({}), false};
  }
  WidenedFilter widened{filter, true};
  widened.filter.children.clear();
  const bool child_positive = filter.op == FilterOp::kNot ? !positive : positive;
  for (const Filter& child : filter.children) {
    WidenedFilter part = WidenUnder(child, can_decide, child_positive);
    widened.is_exact = widened.is_exact && part.is_exact;
    widened.filter.children.push_back(std::move(part.filter));
  }
  return widened;
}

}  // namespace

Filter Filter::And(std::vector<Filter> children) {
  Filter filter;
  filter.children = std::move(children);
  return filter;
}

Filter Filter::Or(std::vector<Filter> children) {
  Filter filter = And(std::move(children));
  filter.op = FilterOp::kOr;
  return filter;
}

Filter Filter::Not(Filter child) {
  Filter filter;
  filter.op = FilterOp::kNot;
  filter.children.push_back(std::move(child));
  return filter;
}

Filter Filter::AnyOf(Member member, std::vector<MemberValue> values) {
  Filter filter;
  filter.op = FilterOp::kAnyOf;
  filter.member = member;
  filter.values = std::move(values);
  return filter;
}

Filter Filter::Equals(Member member, MemberValue value) {
  return AnyOf(member, {std::move(value)});
}

Filter Filter::Range(Member member,
                     std::optional<FilterBound> lower,
                     std::optional<FilterBound> upper) {
  Filter filter;
  filter.op = FilterOp::kRange;
  filter.member = member;
  filter.lower = std::move(lower);
  filter.upper = std::move(upper);
  return filter;
}

Filter Filter::Prefix(Member member, std::string text) {
  Filter filter;
  filter.op = FilterOp::kPrefix;
  filter.member = member;
  filter.text = std::move(text);
  return filter;
}

Filter Filter::Path(std::string path, std::vector<std::string> texts) {
  Filter filter;
  filter.op = FilterOp::kPath;
  filter.text = std::move(path);
  for (std::string& text : texts) filter.values.emplace_back(std::move(text));
  return filter;
}

bool Matches(const Filter& filter, const FilterMembers& members) {
  const auto child_matches = [&](const Filter& child) { return Matches(child, members); };
  switch (filter.op) {
    case FilterOp::kAnd:
      return std::all_of(filter.children.begin(), filter.children.end(), child_matches);
    case FilterOp::kOr:
      return std::any_of(filter.children.begin(), filter.children.end(), child_matches);
    case FilterOp::kNot: return !child_matches(filter.children.at(0));
    case FilterOp::kAnyOf:
    case FilterOp::kRange:
    case FilterOp::kPrefix:
    case FilterOp::kPath: return LeafMatches(filter, members);
  }
  return false;
}

std::string CanonicalText(const Filter& filter) {
  if (IsBranch(filter.op)) {
    std::string text = "(" + std::to_string(static_cast<int>(filter.op));
    for (const Filter& child : filter.children) text += " " + CanonicalText(child);
    return text + ")";
  }
  return "{" + std::to_string(static_cast<int>(filter.op)) + " " +
         std::to_string(static_cast<int>(filter.member)) + " " + CanonicalValues(filter.values) +
         " " + CanonicalBound(filter.lower) + " " + CanonicalBound(filter.upper) + " " +
         Quoted(filter.text) + "}";
}

int Compare(const MemberValue& a, const MemberValue& b) {
  DS_CHECK(a.index() == b.index());
  if (const auto* text = std::get_if<std::string>(&a)) {
    const int order = text->compare(std::get<std::string>(b));
    return (order > 0) - (order < 0);
  }
  if (a < b) return -1;
  return b < a ? 1 : 0;
}

WidenedFilter Widen(const Filter& filter, bool (*can_decide)(const Filter& leaf)) {
  return WidenUnder(filter, can_decide, true);
}

}  // namespace datastorage
