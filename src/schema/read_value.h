// One member's value from JSON, held to the rules of its field.
#pragma once

#include <string>

#include "schema/field.h"
#include "schema/json.h"
#include "schema/violations.h"

namespace datastorage::schema {

// Each sets `value` and adds every rule that is broken to `violations`, at `pointer`.
// REQUIRES: `json` is not null, which means absent.
void ReadValue(const Json& json,
               const FieldRules& rules,
               const std::string& pointer,
               std::string& value,
               Violations& violations);
void ReadValue(const Json& json,
               const FieldRules& rules,
               const std::string& pointer,
               std::int64_t& value,
               Violations& violations);
void ReadValue(const Json& json,
               const FieldRules& rules,
               const std::string& pointer,
               double& value,
               Violations& violations);
void ReadValue(const Json& json,
               const FieldRules& rules,
               const std::string& pointer,
               bool& value,
               Violations& violations);
void ReadValue(const Json& json,
               const FieldRules& rules,
               const std::string& pointer,
               WallTime& value,
               Violations& violations);
void ReadValue(const Json& json,
               const FieldRules& rules,
               const std::string& pointer,
               JsonObjectText& value,
               Violations& violations);

template <class Value>
void ReadValue(const Json& json,
               const FieldRules& rules,
               const std::string& pointer,
               std::optional<Value>& value,
               Violations& violations) {
  ReadValue(json, rules, pointer, value.emplace(), violations);
}

}  // namespace datastorage::schema
