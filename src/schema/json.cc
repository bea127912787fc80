#include "schema/json.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "base/check.h"
#include "schema/decimal.h"

namespace datastorage::schema {
namespace {

void AppendEscaped(std::string& out, char character) {
  static constexpr std::string_view kDigits = "0123456789abcdef";
  switch (character) {
    case '"': out += "\\\""; return;
    case '\\': out += "\\\\"; return;
    case '\b': out += "\\b"; return;
    case '\f': out += "\\f"; return;
    case '\n': out += "\\n"; return;
    case '\r': out += "\\r"; return;
    case '\t': out += "\\t"; return;
    default: break;
  }
  const auto code = static_cast<unsigned char>(character);
  out += "\\u00";
  out += kDigits[code >> 4U];
  out += kDigits[code & 0x0FU];
}

bool NeedsEscape(char character) {
  return static_cast<unsigned char>(character) < 0x20 || character == '"' || character == '\\';
}

void Append(std::string& out, const Json& json);

void AppendArray(std::string& out, const Json& array) {
  out += '[';
  for (std::size_t i = 0; i < array.elements.size(); ++i) {
    if (i > 0) out += ',';
    Append(out, array.elements[i]);
  }
  out += ']';
}

void AppendObject(std::string& out, const Json& object) {
  out += '{';
  for (std::size_t i = 0; i < object.members.size(); ++i) {
    if (i > 0) out += ',';
    AppendQuoted(out, object.members[i].first);
    out += ':';
    Append(out, object.members[i].second);
  }
  out += '}';
}

void Append(std::string& out, const Json& json) {
  switch (json.type) {
    case JsonType::kNull: out += "null"; return;
    case JsonType::kBoolean: out += json.boolean ? "true" : "false"; return;
    case JsonType::kNumber: out += json.text; return;
    case JsonType::kString: AppendQuoted(out, json.text); return;
    case JsonType::kArray: AppendArray(out, json); return;
    case JsonType::kObject: AppendObject(out, json); return;
  }
}

Json OfType(JsonType type) {
  Json json;
  json.type = type;
  return json;
}

}  // namespace

const Json* Json::Find(std::string_view name) const {
  const auto found = std::find_if(
      members.begin(), members.end(), [&](const Member& member) { return member.first == name; });
  return found == members.end() ? nullptr : &found->second;
}

std::optional<std::int64_t> Json::AsInteger() const {
  if (type != JsonType::kNumber) return std::nullopt;
  return ToInteger(ParseDecimal(text));
}

std::optional<double> Json::AsDouble() const {
  if (type != JsonType::kNumber) return std::nullopt;
  double value = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), value);
  if (parsed.ec == std::errc{}) return value;
  // Out of range: too large for a double, or so small that it is zero.
  const Decimal decimal = ParseDecimal(text);
  const auto digit_count = static_cast<std::int64_t>(decimal.digits.size());
  if (digit_count + decimal.exponent > 0) return std::nullopt;
  return decimal.is_negative ? -0.0 : 0.0;
}

Json Json::String(std::string_view text) {
  Json json = OfType(JsonType::kString);
  json.text = text;
  return json;
}

Json Json::Integer(std::int64_t value) {
  Json json = OfType(JsonType::kNumber);
  json.text = std::to_string(value);
  return json;
}

Json Json::Number(double value) {
  DS_CHECK(std::isfinite(value));
  char buffer[40];
  const auto written = std::to_chars(buffer, buffer + sizeof buffer, value);
  DS_CHECK(written.ec == std::errc{});
  Json json = OfType(JsonType::kNumber);
  json.text.assign(buffer, written.ptr);
  return json;
}

Json Json::Boolean(bool value) {
  Json json = OfType(JsonType::kBoolean);
  json.boolean = value;
  return json;
}

Json Json::Array() {
  return OfType(JsonType::kArray);
}

Json Json::Object() {
  return OfType(JsonType::kObject);
}

void Json::Add(Json element) {
  DS_CHECK(type == JsonType::kArray);
  elements.push_back(std::move(element));
}

void Json::Add(std::string name, Json value) {
  DS_CHECK(type == JsonType::kObject);
  members.emplace_back(std::move(name), std::move(value));
}

std::string ToText(const Json& json) {
  std::string out;
  Append(out, json);
  return out;
}

void AppendQuoted(std::string& out, std::string_view text) {
  out += '"';
  std::size_t copied = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (!NeedsEscape(text[i])) continue;
    out.append(text, copied, i - copied);
    AppendEscaped(out, text[i]);
    copied = i + 1;
  }
  out.append(text, copied);
  out += '"';
}

std::string EscapePointerToken(std::string_view token) {
  std::string escaped;
  escaped.reserve(token.size());
  for (const char character : token) {
    if (character == '~') {
      escaped += "~0";
    } else if (character == '/') {
      escaped += "~1";
    } else {
      escaped += character;
    }
  }
  return escaped;
}

}  // namespace datastorage::schema
