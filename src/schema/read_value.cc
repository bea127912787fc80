#include "schema/read_value.h"

#include <algorithm>

#include "schema/decimal.h"
#include "schema/metadata.h"
#include "schema/text.h"
#include "schema/time.h"

namespace datastorage::schema {
namespace {

bool IsTraceId(std::string_view text) {
  const auto is_hex = [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); };
  return text.size() == 32 && std::all_of(text.begin(), text.end(), is_hex) &&
         text.find_first_not_of('0') != std::string_view::npos;
}

std::string CommaSeparated(std::span<const std::string_view> texts) {
  std::string joined;
  for (const std::string_view text : texts) {
    if (!joined.empty()) joined += ", ";
    joined += text;
  }
  return joined;
}

std::string RangeMessage(const FieldRules& rules) {
  return "must be from 0 to " + std::to_string(rules.maximum);
}

}  // namespace

void ReadValue(const Json& json,
               const FieldRules& rules,
               const std::string& pointer,
               std::string& value,
               Violations& violations) {
  if (json.type != JsonType::kString) {
    violations.Add(pointer, "wrong_type", "must be a string");
    return;
  }
  value = json.text;
  if (rules.is_required && IsBlank(value)) {
    violations.Add(pointer, "blank", "must have a character that is not white space");
  } else if (!rules.one_of.empty() &&
             std::find(rules.one_of.begin(), rules.one_of.end(), value) == rules.one_of.end()) {
    violations.Add(pointer, "not_allowed", "must be one of " + CommaSeparated(rules.one_of));
  }
  if (rules.is_trace_id && !IsTraceId(value)) {
    violations.Add(pointer, "not_hex", "must be 32 lower-case hex digits, not all zero");
  }
  if (rules.length_max > 0 && CodePointCount(value) > rules.length_max) {
    violations.Add(pointer,
                   "too_long",
                   "must not be longer than " + std::to_string(rules.length_max) + " characters");
  }
}

void ReadValue(const Json& json,
               const FieldRules& rules,
               const std::string& pointer,
               std::int64_t& value,
               Violations& violations) {
  if (json.type != JsonType::kNumber || !ParseDecimal(json.text).IsInteger()) {
    violations.Add(pointer, "wrong_type", "must be an integer");
    return;
  }
  const std::optional<std::int64_t> number = json.AsInteger();
  if (!number.has_value() || *number < 0 || *number > rules.maximum) {
    violations.Add(pointer, "out_of_range", RangeMessage(rules));
    return;
  }
  value = *number;
}

void ReadValue(const Json& json,
               const FieldRules& rules,
               const std::string& pointer,
               double& value,
               Violations& violations) {
  const std::optional<double> number = json.AsDouble();
  if (!number.has_value()) {
    violations.Add(pointer, "wrong_type", "must be a number");
    return;
  }
  if (*number < 0 || *number > static_cast<double>(rules.maximum)) {
    violations.Add(pointer, "out_of_range", RangeMessage(rules));
    return;
  }
  value = *number;
}

void ReadValue(const Json& json,
               const FieldRules&,
               const std::string& pointer,
               bool& value,
               Violations& violations) {
  if (json.type != JsonType::kBoolean) {
    violations.Add(pointer, "wrong_type", "must be true or false");
    return;
  }
  value = json.boolean;
}

void ReadValue(const Json& json,
               const FieldRules&,
               const std::string& pointer,
               WallTime& value,
               Violations& violations) {
  if (json.type != JsonType::kString) {
    violations.Add(pointer, "wrong_type", "must be a string with an RFC 3339 time");
    return;
  }
  const std::optional<WallTime> time = ParseTime(json.text);
  if (!time.has_value()) {
    violations.Add(
        pointer, "bad_time", "must be an RFC 3339 time with offset, such as 2026-03-01T00:02:18Z");
    return;
  }
  value = *time;
}

void ReadValue(const Json& json,
               const FieldRules&,
               const std::string& pointer,
               JsonObjectText& value,
               Violations& violations) {
  ReadMetadata(json, pointer, value, violations);
}

}  // namespace datastorage::schema
