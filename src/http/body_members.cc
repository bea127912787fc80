#include "http/body_members.h"

#include <algorithm>

namespace datastorage::http {

using schema::Json;
using schema::JsonType;

void BodyMembers::Refuse(std::string_view pointer,
                         std::string code,
                         std::string message,
                         std::optional<int> position) {
  ProblemError error;
  error.pointer = std::string(pointer);
  error.position = position;
  error.code = std::move(code);
  error.message = std::move(message);
  errors_.push_back(std::move(error));
}

const Json* BodyMembers::Take(std::string_view name, JsonType type, std::string_view must_be) {
  const Json* value = body_.Find(name);
  if (value == nullptr || value->type == JsonType::kNull) return nullptr;
  if (value->type == type) return value;
  Refuse("/" + std::string(name), "wrong_type", std::string(must_be));
  return nullptr;
}

std::optional<std::int64_t> BodyMembers::TakeInteger(std::string_view name,
                                                     std::int64_t min,
                                                     std::int64_t max) {
  const Json* value = Take(name, JsonType::kNumber, "must be an integer");
  if (value == nullptr) return std::nullopt;
  const std::optional<std::int64_t> number = value->AsInteger();
  if (number.has_value() && *number >= min && *number <= max) return number;
  Refuse("/" + std::string(name),
         "out_of_range",
         "must be an integer from " + std::to_string(min) + " to " + std::to_string(max));
  return std::nullopt;
}

bool BodyMembers::TakeFlag(std::string_view name) {
  const Json* value = Take(name, JsonType::kBoolean, "must be true or false");
  return value != nullptr && value->boolean;
}

std::optional<std::string> BodyMembers::TakeLine(std::string_view name,
                                                 std::size_t byte_count_max) {
  const Json* value = Take(name, JsonType::kString, "must be a string");
  if (value == nullptr) return std::nullopt;
  const std::string pointer = "/" + std::string(name);
  const std::string& text = value->text;
  if (text.find_first_not_of(' ') == std::string::npos) {
    Refuse(pointer, "blank", "must not be blank");
  } else if (text.size() > byte_count_max) {
    Refuse(pointer, "too_long", "must be at most " + std::to_string(byte_count_max) + " bytes");
  } else if (std::any_of(text.begin(), text.end(), [](char letter) {
               return static_cast<unsigned char>(letter) < 0x20 || letter == 0x7f;
             })) {
    Refuse(pointer, "bad_character", "must be one line without control characters");
  } else {
    return text;
  }
  return std::nullopt;
}

std::optional<std::string> BodyMembers::RequireLine(std::string_view name,
                                                    std::size_t byte_count_max) {
  const Json* value = body_.Find(name);
  if (value == nullptr || value->type == JsonType::kNull) {
    Refuse("/" + std::string(name), "required", "is required");
    return std::nullopt;
  }
  return TakeLine(name, byte_count_max);
}

void BodyMembers::RefuseUnknown(std::span<const std::string_view> known) {
  for (const Json::Member& member : body_.members) {
    const std::string_view name = member.first;
    if (std::find(known.begin(), known.end(), name) != known.end()) continue;
    Refuse("/" + schema::EscapePointerToken(name), "unknown_member", "is not known");
  }
}

}  // namespace datastorage::http
