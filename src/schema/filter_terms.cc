#include "schema/filter_terms.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <map>

#include "schema/fields.h"
#include "schema/filter_parse.h"
#include "schema/time.h"

namespace datastorage::schema {
namespace {

using AllowedByMember = std::map<Member, std::vector<std::string_view>>;

void Allow(AllowedByMember& allowed, Member member, std::string_view value) {
  std::vector<std::string_view>& values = allowed[member];
  if (std::find(values.begin(), values.end(), value) == values.end()) values.push_back(value);
}

AllowedByMember MakeAllowed() {
  AllowedByMember allowed;
  for (int i = 0; i < kRecordKindCount; ++i) {
    const auto kind = static_cast<RecordKind>(i);
    Allow(allowed, Member::kKind, NameOf(kind));
    WithEmptyBody(kind, [&]<class Body>(const Body&) {
      ForEachField<Body>([&](const auto& field) {
        for (const std::string_view value : field.rules.one_of)
          Allow(allowed, *field.member, value);
      });
    });
  }
  for (const VectorState state :
       {VectorState::kNone, VectorState::kPending, VectorState::kSynced}) {
    Allow(allowed, Member::kVector, NameOf(state));
  }
  return allowed;
}

template <class Number>
std::optional<Number> ParseWhole(std::string_view text) {
  Number number{};
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), number);
  if (parsed.ec != std::errc{} || parsed.ptr != text.data() + text.size()) return std::nullopt;
  return number;
}

Result<MemberValue> ParseText(Member member, std::string_view text) {
  if (member == Member::kId) {
    const std::optional<Uuid> id = Uuid::Parse(text);
    if (!id.has_value()) return InvalidArgument("must be a UUID");
    return MemberValue(id->ToString());
  }
  const std::span<const std::string_view> allowed = AllowedValues(member);
  if (!allowed.empty() && std::find(allowed.begin(), allowed.end(), text) == allowed.end()) {
    std::string message = "must be one of";
    for (const std::string_view value : allowed) {
      message.append(value.data() == allowed.front().data() ? " " : ", ").append(value);
    }
    return InvalidArgument(message);
  }
  return MemberValue(std::string(text));
}

Result<MemberValue> ParseInteger(Member member, std::string_view text) {
  if (const auto number = ParseWhole<std::int64_t>(text)) return MemberValue(*number);
  if (!IsMilliseconds(member)) return InvalidArgument("must be an integer");
  const std::optional<Duration> duration = ParseDuration(text);
  if (!duration.has_value()) {
    return InvalidArgument("must be an integer of milliseconds, or one with a unit, such as 30s");
  }
  const auto milliseconds = std::chrono::duration_cast<std::chrono::milliseconds>(*duration);
  return MemberValue(std::int64_t{milliseconds.count()});
}

Result<MemberValue> ParseTimeValue(std::string_view text, WallTime now) {
  if (const std::optional<WallTime> time = ParseTime(text)) return MemberValue(*time);
  const std::optional<Duration> ago = ParseDuration(text);
  if (!ago.has_value()) {
    return InvalidArgument("must be an RFC 3339 time, or how long ago, such as 24h");
  }
  return MemberValue(now - *ago);
}

}  // namespace

Result<MemberValue> ParseMemberValue(Member member, std::string_view text, WallTime now) {
  switch (Describe(member).type) {
    case MemberType::kText: return ParseText(member, text);
    case MemberType::kInteger: return ParseInteger(member, text);
    case MemberType::kTime: return ParseTimeValue(text, now);
    case MemberType::kBoolean:
      if (text == "true" || text == "false") return MemberValue(text == "true");
      return InvalidArgument("must be true or false");
    case MemberType::kNumber: break;
  }
  const std::optional<double> number = ParseWhole<double>(text);
  if (!number.has_value() || !std::isfinite(*number)) return InvalidArgument("must be a number");
  return MemberValue(*number);
}

Result<FilterSubject> ParseSubject(std::string_view name) {
  if (const std::optional<Member> member = ParseMember(name)) return FilterSubject{member, ""};
  if (name.starts_with(kMetadataPrefix) && name.size() > kMetadataPrefix.size()) {
    return FilterSubject{std::nullopt, std::string(name.substr(kMetadataPrefix.size()))};
  }
  return InvalidArgument("\"" + std::string(name) +
                         "\" is no member of a record and no path such as metadata.team");
}

Result<Filter> RangeOf(const FilterSubject& subject,
                       std::optional<FilterBound> lower,
                       std::optional<FilterBound> upper) {
  const bool is_ordered = subject.member.has_value() &&
                          Describe(*subject.member).type != MemberType::kText &&
                          Describe(*subject.member).type != MemberType::kBoolean;
  if (!is_ordered) return InvalidArgument("only integers, numbers and times can be compared");
  return Filter::Range(*subject.member, std::move(lower), std::move(upper));
}

Result<Filter> PrefixOf(const FilterSubject& subject, std::string text) {
  if (!subject.member.has_value() || Describe(*subject.member).type != MemberType::kText) {
    return InvalidArgument("only text members can be asked for a prefix");
  }
  return Filter::Prefix(*subject.member, std::move(text));
}

bool IsMilliseconds(Member member) {
  return member == Member::kDuration || member == Member::kAnalysisDuration ||
         member == Member::kExecutionTime;
}

std::span<const std::string_view> AllowedValues(Member member) {
  static const AllowedByMember allowed = MakeAllowed();
  const auto found = allowed.find(member);
  if (found == allowed.end()) return {};
  return found->second;
}

Filter Joined(FilterOp op, std::vector<Filter> children) {
  if (children.size() == 1) return std::move(children.front());
  return op == FilterOp::kOr ? Filter::Or(std::move(children)) : Filter::And(std::move(children));
}

int DepthOf(const Filter& filter) {
  int deepest = 0;
  for (const Filter& child : filter.children) deepest = std::max(deepest, DepthOf(child));
  return deepest + 1;
}

}  // namespace datastorage::schema
