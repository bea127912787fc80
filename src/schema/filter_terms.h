// What the filter language and the JSON tree share: one condition from a member and its values.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "domain/filter.h"

namespace datastorage::schema {

inline constexpr std::string_view kMetadataPrefix = "metadata.";

// A member of the records, or a path into their metadata.
struct FilterSubject {
  std::optional<Member> member;
  std::string path;  // Without "metadata."; meaningful when there is no member.
};

// Errors: the name is no member and no path.
Result<FilterSubject> ParseSubject(std::string_view name);

// Errors: the member has no order.
Result<Filter> RangeOf(const FilterSubject& subject,
                       std::optional<FilterBound> lower,
                       std::optional<FilterBound> upper);
// Errors: the member is no text.
Result<Filter> PrefixOf(const FilterSubject& subject, std::string text);

// Integers of milliseconds, which filters may also spell with a unit.
bool IsMilliseconds(Member member);

// The values that any kind allows, when the member is an enumeration; else empty.
std::span<const std::string_view> AllowedValues(Member member);

// The one child itself, or the branch.
Filter Joined(FilterOp op, std::vector<Filter> children);

// Levels of the tree; a leaf is one.
int DepthOf(const Filter& filter);

}  // namespace datastorage::schema
