// The filters that lists and searches share, as query parameters.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "domain/filter.h"
#include "domain/query.h"
#include "http/query_parameters.h"

namespace datastorage::http {

struct FilterParameters {
  Filter filter;
  std::string words;  // Of `where`, when words are allowed.
};

// Every member of `members` by its name (repeated: any of), `since`, `until`, `time`, `where`.
// What is bad goes to `query`.
FilterParameters TakeFilters(QueryParameters& query,
                             const std::vector<Member>& members,
                             bool allow_words,
                             WallTime now);

// `sort`: a member's name, or "-" and it for descending. Default: newest first.
SortOrder TakeSort(QueryParameters& query, const std::vector<Member>& members);

// `fields`: names of members of an answered record. Empty: all.
std::vector<std::string> TakeFields(QueryParameters& query, const std::vector<Member>& members);
// Whether a record of these members may have one of that name.
bool IsAnswered(std::string_view name, const std::vector<Member>& members);

// The members of all kinds together.
const std::vector<Member>& EveryMember();

// `{id}` of a path: a UUID, or "key:" and the natural key. nullopt when it is neither.
std::optional<RecordRef> ParseRef(RecordKind kind, std::string_view text);

// All of `filters` at once; one alone stands for itself.
Filter AllOf(std::vector<Filter> filters);

}  // namespace datastorage::http
