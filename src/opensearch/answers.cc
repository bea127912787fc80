#include "opensearch/answers.h"

#include <algorithm>
#include <array>

#include "opensearch/filter_query.h"
#include "schema/json.h"

namespace datastorage::opensearch {
namespace {

using schema::Json;
using schema::JsonType;

// No component differs by more after a way through decimal text.
constexpr float kTextError = 1e-6F;

Error Malformed() {
  return Unavailable("OpenSearch: an answer that is not one of its own");
}

Error Partial() {
  return Unavailable("OpenSearch: a part of the index did not answer");
}

Result<Json> Parse(std::string_view body) {
  Result<schema::ParsedJson> parsed = schema::ParseJson(body);
  if (!parsed.has_value() || parsed->value.type != JsonType::kObject) return Malformed();
  return std::move(parsed->value);
}

std::optional<std::int64_t> IntegerAt(const Json& json, std::string_view name) {
  const Json* const member = json.Find(name);
  if (member == nullptr || member->type != JsonType::kNumber) return std::nullopt;
  return member->AsInteger();
}

const Json* At(const Json& json, std::span<const std::string_view> path) {
  const Json* at = &json;
  for (const std::string_view name : path) {
    at = at->Find(name);
    if (at == nullptr) return nullptr;
  }
  return at;
}

std::string_view TextAt(const Json& json, std::string_view name) {
  const Json* const member = json.Find(name);
  return member != nullptr && member->type == JsonType::kString ? std::string_view(member->text)
                                                                : std::string_view();
}

// The one value of a field that a hit was asked for.
const Json* FieldOf(const Json& hit, std::string_view name) {
  const std::array<std::string_view, 2> path{"fields", name};
  const Json* const values = At(hit, path);
  const bool is_one =
      values != nullptr && values->type == JsonType::kArray && values->elements.size() == 1;
  return is_one ? &values->elements.front() : nullptr;
}

bool ReadVector(const Json& values, HeldPoint& point) {
  if (values.type != JsonType::kArray || values.elements.size() != kEmbeddingDimensionCount) {
    return false;
  }
  Embedding vector;
  for (std::size_t d = 0; d < kEmbeddingDimensionCount; ++d) {
    const Json& component = values.elements[d];
    const auto number =
        component.type == JsonType::kNumber ? component.AsDouble() : std::optional<double>();
    if (!number.has_value()) return false;
    vector[d] = static_cast<float>(*number);
  }
  point.embedding = vector;
  point.embedding_error = kTextError;
  return true;
}

std::optional<MemberValue> ValueOf(Member member, const Json& value) {
  const MemberType type = Describe(member).type;
  if (type == MemberType::kText && value.type == JsonType::kString) return value.text;
  if (type == MemberType::kBoolean && value.type == JsonType::kBoolean) return value.boolean;
  if (value.type != JsonType::kNumber) return std::nullopt;
  if (type == MemberType::kNumber) {
    const auto number = value.AsDouble();
    return number.has_value() ? std::optional<MemberValue>(*number) : std::nullopt;
  }
  const auto integer = value.AsInteger();
  if (!integer.has_value()) return std::nullopt;
  if (type == MemberType::kTime) return WallTime(Duration(*integer));
  return type == MemberType::kInteger ? std::optional<MemberValue>(*integer) : std::nullopt;
}

// Members that a later version knows, and values that do not fit, count as not held: comparing
// finds the difference and mends it.
void ReadMembers(const Json& values, FilterMembers& members) {
  for (const auto& [name, value] : values.members) {
    const auto member = ParseMember(name);
    if (!member.has_value() || !Keeps(*member)) continue;
    auto held = ValueOf(*member, value);
    if (held.has_value()) members.values.emplace_back(*member, std::move(*held));
  }
  std::sort(members.values.begin(), members.values.end(), [](const auto& a, const auto& b) {
    return a.first < b.first;
  });
}

Result<FoundPoint> ReadHit(const Json& hit) {
  FoundPoint found;
  const Json* const id = FieldOf(hit, "id");
  const Json* const stamp = FieldOf(hit, "stamp");
  const Json* const live = FieldOf(hit, "live");
  const auto uuid = id != nullptr ? Uuid::Parse(id->text) : std::optional<Uuid>();
  const auto number = stamp != nullptr && stamp->type == JsonType::kNumber
                          ? stamp->AsInteger()
                          : std::optional<std::int64_t>();
  if (!uuid.has_value() || !number.has_value()) return Malformed();
  if (live == nullptr || live->type != JsonType::kBoolean) return Malformed();
  found.point.id = *uuid;
  found.point.stamp = *number;
  found.point.is_tombstone = !live->boolean;
  const Json* const score = hit.Find("_score");
  if (score != nullptr && score->type == JsonType::kNumber) {
    found.score = static_cast<float>(score->AsDouble().value_or(0));
  }
  found.seq_no = IntegerAt(hit, "_seq_no").value_or(0);
  found.primary_term = IntegerAt(hit, "_primary_term").value_or(0);
  const Json* const source = hit.Find("_source");
  if (source == nullptr) return found;
  const Json* const vector = source->Find("vector");
  if (vector != nullptr && !ReadVector(*vector, found.point)) return Malformed();
  const Json* const members = source->Find(kMembersField);
  if (members != nullptr) ReadMembers(*members, found.point.members);
  return found;
}

Result<void> CheckShards(const Json& answer) {
  const Json* const shards = answer.Find("_shards");
  if (shards == nullptr) return Malformed();
  const auto failed = IntegerAt(*shards, "failed");
  if (!failed.has_value()) return Malformed();
  const Json* const timed_out = answer.Find("timed_out");
  if (*failed != 0 || (timed_out != nullptr && timed_out->boolean)) return Partial();
  return {};
}

}  // namespace

Result<std::vector<BulkItem>> ParseBulk(std::string_view body, std::size_t count) {
  DS_ASSIGN_OR_RETURN(const Json answer, Parse(body));
  const Json* const items = answer.Find("items");
  if (items == nullptr || items->elements.size() != count) return Malformed();
  std::vector<BulkItem> read(count);
  for (std::size_t i = 0; i < count; ++i) {
    // Each is an object of one member, named as the operation.
    const Json& item = items->elements[i];
    if (item.members.size() != 1) return Malformed();
    const auto status = IntegerAt(item.members.front().second, "status");
    if (!status.has_value() || *status < 100 || *status > 599) return Malformed();
    read[i].status = static_cast<int>(*status);
    const Json* const error = item.members.front().second.Find("error");
    if (error != nullptr) read[i].reason = TextAt(*error, "type");
  }
  return read;
}

Result<std::vector<HeldVersion>> ParseHeld(std::string_view body, std::span<const RecordId> ids) {
  DS_ASSIGN_OR_RETURN(const Json answer, Parse(body));
  const Json* const documents = answer.Find("docs");
  if (documents == nullptr || documents->elements.size() != ids.size()) return Malformed();
  std::vector<HeldVersion> held(ids.size());
  for (std::size_t i = 0; i < ids.size(); ++i) {
    const Json& document = documents->elements[i];
    if (TextAt(document, "_id") != ids[i].ToString()) return Malformed();
    if (document.Find("error") != nullptr) return Partial();
    const Json* const is_found = document.Find("found");
    if (is_found == nullptr) return Malformed();
    if (!is_found->boolean) continue;
    const auto version = IntegerAt(document, "_version");
    const Json* const source = document.Find("_source");
    if (!version.has_value() || source == nullptr) return Malformed();
    held[i] = {true, *version, IntegerAt(*source, "stamp").value_or(0)};
  }
  return held;
}

Result<FoundPage> ParsePage(std::string_view body) {
  DS_ASSIGN_OR_RETURN(const Json answer, Parse(body));
  DS_RETURN_IF_ERROR(CheckShards(answer));
  const std::array<std::string_view, 2> path{"hits", "hits"};
  const Json* const hits = At(answer, path);
  if (hits == nullptr || hits->type != JsonType::kArray) return Malformed();
  FoundPage page;
  page.points.reserve(hits->elements.size());
  for (const Json& hit : hits->elements) {
    DS_ASSIGN_OR_RETURN(FoundPoint found, ReadHit(hit));
    page.points.push_back(std::move(found));
  }
  if (answer.Find("aggregations") == nullptr) return page;
  const std::array<std::string_view, 3> count_path{"aggregations", "all", "passing"};
  const Json* const passing = At(answer, count_path);
  const auto count =
      passing != nullptr ? IntegerAt(*passing, "doc_count") : std::optional<std::int64_t>();
  if (!count.has_value() || *count < 0) return Malformed();
  page.passing_count = *count;
  return page;
}

Result<void> ParseRefresh(std::string_view body) {
  DS_ASSIGN_OR_RETURN(const Json answer, Parse(body));
  return CheckShards(answer);
}

Result<std::int64_t> ParseCount(std::string_view body) {
  DS_ASSIGN_OR_RETURN(const Json answer, Parse(body));
  DS_RETURN_IF_ERROR(CheckShards(answer));
  const auto count = IntegerAt(answer, "count");
  if (!count.has_value() || *count < 0) return Malformed();
  return *count;
}

Result<std::optional<VectorSetId>> ParseMark(std::string_view body) {
  DS_ASSIGN_OR_RETURN(const Json answer, Parse(body));
  const Json* const is_found = answer.Find("found");
  // A missing index is answered by an error, which has no such member.
  if (is_found == nullptr) return Malformed();
  if (!is_found->boolean) return std::optional<VectorSetId>();
  const Json* const source = answer.Find("_source");
  const auto set = source != nullptr ? IntegerAt(*source, "set") : std::optional<std::int64_t>();
  if (!set.has_value()) return Malformed();
  return set;
}

std::string ErrorTypeOf(std::string_view body) {
  const Result<Json> answer = Parse(body);
  if (!answer.has_value()) return "";
  const Json* const error = answer->Find("error");
  return error != nullptr ? std::string(TextAt(*error, "type")) : std::string();
}

}  // namespace datastorage::opensearch
