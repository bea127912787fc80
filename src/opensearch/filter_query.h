// A filter as OpenSearch's query language has it, over the fields that documents keep members in.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "domain/filter.h"

namespace datastorage::opensearch {

// How a member's values are kept. Times are whole microseconds since 1970: a date keeps
// milliseconds.
enum class FieldType : std::uint8_t { kKeyword, kLong, kDouble, kBoolean };
FieldType FieldTypeOf(MemberType type);

// Whether documents keep `member`: not long texts, not kVector.
bool Keeps(Member member);

// Whether the query decides this leaf exactly as Matches() does: any-of, range and prefix of the
// members that are kept, with texts of whole characters, since a query is JSON.
bool CanDecide(const Filter& leaf);

// Appends the query, a JSON object.
// REQUIRES: CanDecide of every leaf.
void AppendQuery(std::string& out, const Filter& filter);

// Appends a member's value as documents and queries spell it.
void AppendValue(std::string& out, const MemberValue& value);

// The name of the object that a document's members are in.
inline constexpr std::string_view kMembersField = "m";

}  // namespace datastorage::opensearch
