// What filters, sorts and indexes look at, derived from the field tables.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "domain/filter.h"
#include "domain/records.h"

namespace datastorage::schema {

// Server-set members first, then the kind's own in field order.
const std::vector<Member>& MembersOf(RecordKind kind);

// nullopt when the record's kind lacks the member or its value is absent. kVector is the state.
std::optional<MemberValue> ValueOf(const Record& record, Member member);

// All of them, and metadata flattened.
FilterMembers FilterMembersOf(const Record& record);

// The scalars of a metadata object (see MetadataScalar), in document order.
std::vector<MetadataScalar> FlattenMetadata(std::string_view metadata_text);

}  // namespace datastorage::schema
