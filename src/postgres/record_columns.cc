#include "postgres/record_columns.h"

#include <algorithm>

#include "postgres/queries.h"
#include "postgres/text_words.h"
#include "schema/decimal.h"
#include "schema/fields.h"
#include "schema/json.h"
#include "schema/members.h"
#include "schema/record_json.h"

namespace datastorage::postgres {
namespace {

ElementType ElementTypeOf(MemberType type) {
  switch (type) {
    case MemberType::kText: return ElementType::kText;
    case MemberType::kInteger: return ElementType::kBigint;
    case MemberType::kNumber: return ElementType::kDouble;
    case MemberType::kBoolean: return ElementType::kBool;
    case MemberType::kTime: break;
  }
  return ElementType::kTimestamptz;
}

struct MemberAdder {
  ArrayValue& column;

  bool operator()(const std::string& text) const {
    column.Add(std::string_view(text));
    return true;
  }
  bool operator()(const JsonObjectText&) const { return false; }
  template <class Value>
  bool operator()(const std::optional<Value>& value) const {
    return value.has_value() && (*this)(*value);
  }
  template <class Value>
  bool operator()(const Value& value) const {
    column.Add(value);
    return true;
  }
};

const std::optional<JsonObjectText>& MetadataOf(const RecordBody& body) {
  return std::visit(
      [](const auto& of_kind) -> const auto& { return of_kind.metadata; }, body);
}

void AppendEscaped(std::string& literal, std::string_view text) {
  for (const char c : text) {
    if (c == '"' || c == '\\') literal += '\\';
    literal += c;
  }
}

// Each scalar as the length of its path, the path, and its text: no two scalars are spelled alike.
// An array's literal: no array of arrays has parts of different lengths.
std::string ScalarsOf(const JsonObjectText& metadata) {
  std::string literal = "{";
  for (const MetadataScalar& scalar : schema::FlattenMetadata(metadata.text)) {
    if (literal.size() > 1) literal += ',';
    literal += '"' + std::to_string(scalar.path.size()) + ':';
    AppendEscaped(literal, scalar.path);
    AppendEscaped(literal, scalar.text);
    literal += '"';
  }
  return literal + '}';
}

// What numeric takes: 131,072 digits before the point, 16,383 after it. Less, to be safe.
bool FitsNumeric(std::string_view number) {
  constexpr std::int64_t kWholeDigitsMax = 100'000;
  constexpr std::int64_t kFractionDigitsMax = 10'000;
  if (number.size() > kFractionDigitsMax) return false;
  const schema::Decimal decimal = schema::ParseDecimal(number);
  const auto digits = static_cast<std::int64_t>(decimal.digits.size());
  return decimal.exponent >= -kFractionDigitsMax && decimal.exponent + digits <= kWholeDigitsMax;
}

}  // namespace

bool FitsJsonb(std::string_view json) {
  bool is_in_text = false;
  for (std::size_t at = 0; at < json.size(); ++at) {
    const char c = json[at];
    if (is_in_text && c == '\\') {
      ++at;
    } else if (c == '"') {
      is_in_text = !is_in_text;
    } else if (!is_in_text && (c == '-' || (c >= '0' && c <= '9'))) {
      const std::size_t end = std::min(json.find_first_of(",]}", at), json.size());
      if (!FitsNumeric(json.substr(at, end - at))) return false;
      at = end - 1;
    }
  }
  return true;
}

RecordColumns::RecordColumns() : RecordColumns(ColumnMembers()) {}

RecordColumns::RecordColumns(RecordKind kind) : RecordColumns(ColumnMembers(kind)) {}

RecordColumns::RecordColumns(const std::vector<Member>& columns)
    : ids_(ElementType::kUuid),
      stamps_(ElementType::kBigint),
      attempts_(ElementType::kUuid),
      text_hashes_(ElementType::kBytea),
      times_(ElementType::kTimestamptz),
      bodies_(ElementType::kText),
      metadata_(ElementType::kText),
      scalars_(ElementType::kText),
      words_(ElementType::kText),
      word_counts_(ElementType::kBigint),
      content_hashes_(ElementType::kBytea) {
  places_.fill(-1);
  members_.reserve(columns.size());
  for (const Member member : columns) {
    places_[static_cast<std::size_t>(member)] = static_cast<int>(members_.size());
    members_.emplace_back(ElementTypeOf(Describe(member).type));
  }
}

void RecordColumns::Add(const StoredVersion& version, const RecordBody& body) {
  ids_.Add(version.id);
  stamps_.Add(std::int64_t{version.stamp});
  attempts_.Add(version.attempt);
  text_hashes_.Add(version.text_hash);
  times_.Add(version.now);
  bodies_.Add(std::string_view(schema::BodyToStoredText(body)));
  content_hashes_.Add(version.content_hash);
  const std::optional<JsonObjectText>& metadata = MetadataOf(body);
  if (metadata.has_value() && FitsJsonb(metadata->text)) {
    metadata_.Add(std::string_view(metadata->text));
  } else {
    metadata_.AddNull();
  }
  if (metadata.has_value()) {
    scalars_.Add(std::string_view(ScalarsOf(*metadata)));
  } else {
    scalars_.AddNull();
  }
  const RecordWords words = RecordWordsOf(schema::IndexedTextsOf(body));
  word_counts_.Add(words.count);
  if (words.vector.empty()) {
    words_.AddNull();
  } else {
    words_.Add(std::string_view(words.vector));
  }
  AddMembers(body);
}

void RecordColumns::AddMembers(const RecordBody& body) {
  std::vector<bool> has_value(members_.size(), false);
  std::visit(
      [&]<class Body>(const Body& of_kind) {
        schema::ForEachField<Body>([&](const auto& field) {
          if (!field.member.has_value()) return;
          const int place = places_[static_cast<std::size_t>(*field.member)];
          if (place < 0) return;
          const auto index = static_cast<std::size_t>(place);
          has_value[index] = MemberAdder{members_[index]}(of_kind.*field.value);
        });
      },
      body);
  for (std::size_t i = 0; i < members_.size(); ++i) {
    if (!has_value[i]) members_[i].AddNull();
  }
}

void RecordColumns::AddCommon(Parameters& parameters) {
  for (ArrayValue* const column : {&ids_,
                                   &stamps_,
                                   &attempts_,
                                   &text_hashes_,
                                   &times_,
                                   &bodies_,
                                   &metadata_,
                                   &scalars_,
                                   &words_,
                                   &word_counts_}) {
    parameters.Add(*column);
  }
}

void RecordColumns::AddMemberColumns(Parameters& parameters) {
  for (ArrayValue& column : members_) parameters.Add(column);
}

Parameters RecordColumns::ForInsert(RecordKind kind) {
  Parameters parameters;
  AddCommon(parameters);
  parameters.Add(NameOf(kind)).Add(content_hashes_);
  AddMemberColumns(parameters);
  return parameters;
}

Parameters RecordColumns::ForUpdate() {
  Parameters parameters;
  AddCommon(parameters);
  AddMemberColumns(parameters);
  return parameters;
}

Parameters RecordColumns::Ids() {
  Parameters parameters;
  parameters.Add(ids_);
  return parameters;
}

void NewRecordColumns::Add(const StoredVersion& version, const RecordBody& body) {
  const RecordKind kind = KindOf(body);
  const auto part = std::find_if(parts_.begin(), parts_.end(), [kind](const Part& each) {
    return each.kind == kind && each.columns.size() < kRowCountMax;
  });
  if (part != parts_.end()) return part->columns.Add(version, body);
  parts_.push_back({kind, RecordColumns(kind)});
  parts_.back().columns.Add(version, body);
}

std::vector<Call> NewRecordColumns::TakeCalls() {
  std::vector<Call> calls;
  calls.reserve(parts_.size());
  for (Part& part : parts_) {
    calls.push_back(
        {.name = NameOfInsert(part.kind), .parameters = part.columns.ForInsert(part.kind)});
  }
  parts_.clear();
  return calls;
}

}  // namespace datastorage::postgres
