#include "schema/members.h"

#include <algorithm>
#include <array>

#include "base/check.h"
#include "schema/decimal.h"
#include "schema/fields.h"
#include "schema/json.h"

namespace datastorage::schema {
namespace {

constexpr std::array kServerSet{Member::kId,
                                Member::kKind,
                                Member::kVersion,
                                Member::kCreatedAt,
                                Member::kUpdatedAt,
                                Member::kVector};

template <class Body>
std::vector<Member> MakeMembers() {
  std::vector<Member> members(kServerSet.begin(), kServerSet.end());
  ForEachField<Body>([&](const auto& field) {
    if (field.member.has_value()) members.push_back(*field.member);
  });
  return members;
}

std::optional<MemberValue> ToValue(const JsonObjectText&) {
  return std::nullopt;
}
template <class Value>
std::optional<MemberValue> ToValue(const Value& value) {
  return MemberValue(value);
}
template <class Value>
std::optional<MemberValue> ToValue(const std::optional<Value>& value) {
  if (!value.has_value()) return std::nullopt;
  return ToValue(*value);
}

std::optional<MemberValue> ServerSetValue(const Record& record, Member member) {
  if (member == Member::kId) return record.id.ToString();
  if (member == Member::kKind) return std::string(NameOf(KindOf(record.body)));
  if (member == Member::kVersion) return record.version;
  if (member == Member::kCreatedAt) return record.created_at;
  if (member == Member::kUpdatedAt) return record.updated_at;
  if (member == Member::kVector) return std::string(NameOf(record.vector));
  return std::nullopt;
}

void Flatten(const Json& json, const std::string& path, std::vector<MetadataScalar>& scalars) {
  switch (json.type) {
    case JsonType::kNull: return;
    case JsonType::kBoolean: scalars.push_back({path, json.boolean ? "true" : "false"}); return;
    case JsonType::kNumber: scalars.push_back({path, ToText(ParseDecimal(json.text))}); return;
    case JsonType::kString: scalars.push_back({path, json.text}); return;
    case JsonType::kArray:
      for (const Json& element : json.elements) Flatten(element, path, scalars);
      return;
    case JsonType::kObject:
      for (const auto& [name, value] : json.members) {
        std::string below = path;
        if (!below.empty()) below += '.';
        below += name;
        Flatten(value, below, scalars);
      }
      return;
  }
}

}  // namespace

const std::vector<Member>& MembersOf(RecordKind kind) {
  static const std::array<std::vector<Member>, kRecordKindCount> members{MakeMembers<Remediation>(),
                                                                         MakeMembers<AiAnalysis>(),
                                                                         MakeMembers<Workflow>(),
                                                                         MakeMembers<Execution>()};
  return members[static_cast<std::size_t>(kind)];
}

std::optional<MemberValue> ValueOf(const Record& record, Member member) {
  if (std::optional<MemberValue> value = ServerSetValue(record, member)) return value;
  std::optional<MemberValue> found;
  std::visit(
      [&]<class Body>(const Body& body) {
        ForEachField<Body>([&](const auto& field) {
          if (field.member == member) found = ToValue(body.*field.value);
        });
      },
      record.body);
  return found;
}

FilterMembers FilterMembersOf(const Record& record) {
  FilterMembers members;
  for (const Member member : kServerSet) {
    members.values.emplace_back(member, *ServerSetValue(record, member));
  }
  std::visit(
      [&]<class Body>(const Body& body) {
        ForEachField<Body>([&](const auto& field) {
          std::optional<MemberValue> value = ToValue(body.*field.value);
          if (value.has_value()) members.values.emplace_back(*field.member, *std::move(value));
        });
        if (body.metadata.has_value()) members.metadata = FlattenMetadata(body.metadata->text);
      },
      record.body);
  std::sort(members.values.begin(), members.values.end(), [](const auto& a, const auto& b) {
    return a.first < b.first;
  });
  return members;
}

std::vector<MetadataScalar> FlattenMetadata(std::string_view metadata_text) {
  const Result<ParsedJson> parsed = ParseJson(metadata_text);
  DS_CHECK(parsed.has_value());
  std::vector<MetadataScalar> scalars;
  Flatten(parsed->value, "", scalars);
  return scalars;
}

}  // namespace datastorage::schema
