// Metadata: the free JSON object that every record may carry.
#pragma once

#include "domain/records.h"
#include "schema/json.h"
#include "schema/violations.h"

namespace datastorage::schema {

// A JSON object, or a string that holds one: its compact form, within limits::kMetadata….
// Adds what is wrong to `violations`, at `pointer` and below.
void ReadMetadata(const Json& json,
                  const std::string& pointer,
                  JsonObjectText& metadata,
                  Violations& violations);

// JSON Merge Patch (RFC 7396) of one value. `target` may be null for "absent".
Json MergePatch(Json target, const Json& patch);

// The object that a string holds, if it is JSON without defects.
std::optional<Json> ObjectInString(const Json& json);

// One text for all documents of equal value: members sorted, numbers by value.
std::string CanonicalJson(const Json& json);

}  // namespace datastorage::schema
