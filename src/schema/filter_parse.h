// Filters from requests: parameters, the filter language, and the JSON tree.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "domain/filter.h"
#include "schema/json.h"

namespace datastorage::schema {

struct FilterError {
  std::optional<int> position;  // Code points from the start of the `where` text.
  std::string pointer;          // Of the JSON tree; empty for the language.
  std::string code;
  std::string message;
};

struct ParsedFilter {
  Filter filter;
  std::string words;  // The filter language in search: bare words and phrases, joined by spaces.
  std::vector<FilterError> errors;  // Empty: the rest is valid.
};

// The filter language of `where` (docs/filters.md). `allow_words`: bare words are text to search
// for, else errors. Times relative to `now`.
ParsedFilter ParseWhere(std::string_view text, bool allow_words, WallTime now);

// The tree {"and": […]}, {"or": […]}, {"not": …}, {"eq": {…}}, {"in": {…}}, {"range": {…}},
// {"prefix": {…}}, {"path": {…}}; or a string of the filter language.
ParsedFilter ParseFilterJson(const Json& json, WallTime now);

// One value of a member as a query parameter spells it (text as it is; integers; numbers; true or
// false; RFC 3339 or relative time; integers of milliseconds also as "30s"). Errors: message.
Result<MemberValue> ParseMemberValue(Member member, std::string_view text, WallTime now);

}  // namespace datastorage::schema
