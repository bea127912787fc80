// OpenAPI 3.1 schemas of the records, derived from the field tables.
#pragma once

#include "domain/member.h"
#include "domain/records.h"
#include "schema/json.h"

namespace datastorage::schema {

enum class SchemaUse : std::uint8_t { kCreate, kPatch, kStored };

// The JSON Schema of one kind for one use: types, limits, enumerations, descriptions, required.
Json RecordSchema(RecordKind kind, SchemaUse use);

// The schema of one member's value in a filter parameter.
Json MemberSchema(Member member);

}  // namespace datastorage::schema
