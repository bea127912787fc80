#include "schema/record_json.h"

#include <algorithm>

#include "base/check.h"
#include "schema/fields.h"
#include "schema/time.h"

namespace datastorage::schema {
namespace {

Json ToJson(const std::string& text) {
  return Json::String(text);
}
Json ToJson(std::int64_t number) {
  return Json::Integer(number);
}
Json ToJson(double number) {
  return Json::Number(number);
}
Json ToJson(bool truth) {
  return Json::Boolean(truth);
}
Json ToJson(WallTime time) {
  return Json::String(FormatTime(time));
}
Json ToJson(const JsonObjectText& object) {
  Result<ParsedJson> parsed = ParseJson(object.text);
  DS_CHECK(parsed.has_value());
  return std::move(parsed->value);
}

// Calls use(value) unless the value is absent.
template <class Value, class Use>
void IfPresent(const Value& value, Use&& use) {
  use(value);
}
template <class Value, class Use>
void IfPresent(const std::optional<Value>& value, Use&& use) {
  if (value.has_value()) use(*value);
}

template <class Value>
bool IsOptional(const Value&) {
  return false;
}
template <class Value>
bool IsOptional(const std::optional<Value>&) {
  return true;
}

void AppendValue(std::string& out, const JsonObjectText& object) {
  out += object.text;
}
template <class Value>
void AppendValue(std::string& out, const Value& value) {
  out += ToText(ToJson(value));
}
void AppendValue(std::string& out, const std::string& text) {
  AppendQuoted(out, text);
}

// Each is false when the JSON is not what ToJson makes of the type.
bool Read(const Json& json, std::string& value) {
  value = json.text;
  return json.type == JsonType::kString;
}
bool Read(const Json& json, std::int64_t& value) {
  const std::optional<std::int64_t> number = json.AsInteger();
  value = number.value_or(0);
  return number.has_value();
}
bool Read(const Json& json, double& value) {
  const std::optional<double> number = json.AsDouble();
  value = number.value_or(0);
  return number.has_value();
}
bool Read(const Json& json, bool& value) {
  value = json.boolean;
  return json.type == JsonType::kBoolean;
}
bool Read(const Json& json, WallTime& value) {
  const std::optional<WallTime> time = ParseTime(json.text);
  value = time.value_or(WallTime());
  return json.type == JsonType::kString && time.has_value();
}
bool Read(const Json& json, JsonObjectText& value) {
  value.text = ToText(json);
  return json.type == JsonType::kObject;
}
template <class Value>
bool Read(const Json& json, std::optional<Value>& value) {
  return Read(json, value.emplace());
}

template <class Body>
bool ReadBody(const Json& json, Body& body) {
  std::size_t read_count = 0;
  bool is_good = json.type == JsonType::kObject;
  ForEachField<Body>([&](const auto& field) {
    const Json* value = json.Find(field.name);
    if (value == nullptr) {
      is_good = is_good && IsOptional(body.*field.value);
      return;
    }
    ++read_count;
    is_good = is_good && Read(*value, body.*field.value);
  });
  return is_good && read_count == json.members.size();
}

}  // namespace

Json BodyToJson(const RecordBody& body) {
  Json json = Json::Object();
  std::visit(
      [&]<class Body>(const Body& content) {
        ForEachField<Body>([&](const auto& field) {
          IfPresent(content.*field.value,
                    [&](const auto& value) { json.Add(std::string(field.name), ToJson(value)); });
        });
      },
      body);
  return json;
}

Json RecordToJson(const Record& record) {
  Json json = Json::Object();
  json.Add("id", Json::String(record.id.ToString()));
  json.Add("version", Json::Integer(record.version));
  json.Add("created_at", Json::String(FormatTime(record.created_at)));
  json.Add("updated_at", Json::String(FormatTime(record.updated_at)));
  json.Add("vector", Json::String(NameOf(record.vector)));
  if (record.vector == VectorState::kPending) {
    json.Add("vector_reason", Json::String(NameOf(record.vector_reason)));
  }
  Json body = BodyToJson(record.body);
  std::move(body.members.begin(), body.members.end(), std::back_inserter(json.members));
  return json;
}

Json SelectMembers(const Json& record, std::span<const std::string> names) {
  if (names.empty()) return record;
  Json selected = Json::Object();
  for (const auto& [name, value] : record.members) {
    if (std::find(names.begin(), names.end(), name) != names.end()) selected.Add(name, value);
  }
  return selected;
}

std::string BodyToStoredText(const RecordBody& body) {
  std::string out = "{";
  std::visit(
      [&]<class Body>(const Body& content) {
        ForEachField<Body>([&](const auto& field) {
          IfPresent(content.*field.value, [&](const auto& value) {
            if (out.size() > 1) out += ',';
            AppendQuoted(out, field.name);
            out += ':';
            AppendValue(out, value);
          });
        });
      },
      body);
  return out + "}";
}

Result<RecordBody> BodyFromStoredText(RecordKind kind, std::string_view text) {
  const Result<ParsedJson> parsed = ParseJson(text);
  const Error bad = Internal("a stored " + std::string(NameOf(kind)) + " cannot be read back");
  if (!parsed.has_value() || !parsed->defects.empty()) return bad;
  return WithEmptyBody(kind, [&](auto body) -> Result<RecordBody> {
    if (!ReadBody(parsed->value, body)) return bad;
    return RecordBody(std::move(body));
  });
}

}  // namespace datastorage::schema
