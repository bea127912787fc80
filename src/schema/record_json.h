// Records to JSON and back, derived from the field tables (schema/*_fields.h).
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "domain/records.h"
#include "schema/json.h"

namespace datastorage::schema {

// The members that a client sent or that defaults gave, in field order; absent ones left out.
Json BodyToJson(const RecordBody& body);

// As the API answers: id, version, created_at, updated_at, vector, vector_reason (while pending),
// then the body.
Json RecordToJson(const Record& record);

// Keeps the named members, in record order; unknown names keep nothing. Empty keeps all.
Json SelectMembers(const Json& record, std::span<const std::string> names);

// How stores keep a body: compact JSON. Round-trips exactly.
std::string BodyToStoredText(const RecordBody& body);
// Errors: kInternal when the text is not what BodyToStoredText wrote.
Result<RecordBody> BodyFromStoredText(RecordKind kind, std::string_view text);

}  // namespace datastorage::schema
