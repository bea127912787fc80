#include "http/filter_parameters.h"

#include <algorithm>

#include "schema/filter_parse.h"
#include "schema/members.h"

namespace datastorage::http {
namespace {

bool Contains(const std::vector<Member>& members, Member member) {
  return std::find(members.begin(), members.end(), member) != members.end();
}

void TakeMember(QueryParameters& query, Member member, WallTime now, std::vector<Filter>& filters) {
  const std::string_view name = Describe(member).name;
  std::vector<MemberValue> values;
  for (const std::string& text : query.TakeAll(name)) {
    Result<MemberValue> value = schema::ParseMemberValue(member, text, now);
    if (value.has_value()) {
      values.push_back(*std::move(value));
    } else {
      query.Refuse(name, "bad_value", value.error().message);
    }
  }
  if (!values.empty()) filters.push_back(Filter::AnyOf(member, std::move(values)));
}

std::optional<FilterBound> TakeBound(QueryParameters& query,
                                     std::string_view name,
                                     bool is_inclusive,
                                     WallTime now) {
  const std::optional<std::string> text = query.Take(name);
  if (!text.has_value()) return std::nullopt;
  Result<MemberValue> value = schema::ParseMemberValue(Member::kCreatedAt, *text, now);
  if (value.has_value()) return FilterBound{*std::move(value), is_inclusive};
  query.Refuse(name, "bad_time", value.error().message);
  return std::nullopt;
}

void TakeTimes(QueryParameters& query,
               const std::vector<Member>& members,
               WallTime now,
               std::vector<Filter>& filters) {
  Member member = Member::kCreatedAt;
  if (const std::optional<std::string> name = query.Take("time"); name.has_value()) {
    const std::optional<Member> named = ParseMember(*name);
    const bool is_time = named.has_value() && Contains(members, *named) &&
                         Describe(*named).type == MemberType::kTime;
    if (is_time) {
      member = *named;
    } else {
      query.Refuse("time", "not_allowed", "must name a member that is a time");
    }
  }
  std::optional<FilterBound> since = TakeBound(query, "since", true, now);
  std::optional<FilterBound> until = TakeBound(query, "until", false, now);
  if (since.has_value() || until.has_value()) {
    filters.push_back(Filter::Range(member, std::move(since), std::move(until)));
  }
}

}  // namespace

Filter AllOf(std::vector<Filter> filters) {
  if (filters.size() == 1) return std::move(filters.front());
  return Filter::And(std::move(filters));
}

FilterParameters TakeFilters(QueryParameters& query,
                             const std::vector<Member>& members,
                             bool allow_words,
                             WallTime now) {
  FilterParameters taken;
  std::vector<Filter> filters;
  for (const Member member : members) TakeMember(query, member, now, filters);
  TakeTimes(query, members, now, filters);
  if (const std::optional<std::string> where = query.Take("where"); where.has_value()) {
    schema::ParsedFilter parsed = schema::ParseWhere(*where, allow_words, now);
    for (const schema::FilterError& error : parsed.errors) {
      query.Refuse("where", error.code, error.message, error.position);
    }
    if (!parsed.filter.IsEverything()) filters.push_back(std::move(parsed.filter));
    taken.words = std::move(parsed.words);
  }
  taken.filter = AllOf(std::move(filters));
  return taken;
}

SortOrder TakeSort(QueryParameters& query, const std::vector<Member>& members) {
  SortOrder order;
  const std::optional<std::string> text = query.Take("sort");
  if (!text.has_value()) return order;
  order.is_descending = text->starts_with('-');
  const std::optional<Member> member =
      ParseMember(std::string_view(*text).substr(order.is_descending ? 1 : 0));
  if (!member.has_value() || !Contains(members, *member)) {
    query.Refuse("sort", "not_allowed", "must be a member, or - and a member");
  } else {
    order.member = *member;
  }
  return order;
}

bool IsAnswered(std::string_view name, const std::vector<Member>& members) {
  if (name == "metadata" || name == "vector_reason") return true;
  const std::optional<Member> member = ParseMember(name);
  return member.has_value() && *member != Member::kKind && Contains(members, *member);
}

std::vector<std::string> TakeFields(QueryParameters& query, const std::vector<Member>& members) {
  std::vector<std::string> fields = query.TakeList("fields");
  for (const std::string& field : fields) {
    if (!IsAnswered(field, members)) {
      query.Refuse("fields", "not_allowed", "no record here has a member " + field);
    }
  }
  return fields;
}

const std::vector<Member>& EveryMember() {
  static const std::vector<Member> members = [] {
    std::vector<Member> all;
    all.reserve(kMemberCount);
    for (int i = 0; i < kMemberCount; ++i) all.push_back(static_cast<Member>(i));
    return all;
  }();
  return members;
}

std::optional<RecordRef> ParseRef(RecordKind kind, std::string_view text) {
  constexpr std::string_view kKeyPrefix = "key:";
  if (text.starts_with(kKeyPrefix) && text.size() > kKeyPrefix.size()) {
    return NaturalKey{kind, std::string(text.substr(kKeyPrefix.size()))};
  }
  const std::optional<Uuid> id = Uuid::Parse(text);
  if (!id.has_value()) return std::nullopt;
  return RecordRef(*id);
}

}  // namespace datastorage::http
