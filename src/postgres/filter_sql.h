// Filters as SQL conditions with bound parameters. They select exactly what Matches() matches.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "domain/query.h"
#include "postgres/values.h"

namespace datastorage::postgres {

// A condition over RelationOf(filter) AS r. Its values are added to `parameters`, and the condition
// names them by the numbers that they get there: $1 for the first of an empty list.
// Errors: kInvalidArgument when the filter holds more than limits::kFilterParameterCountMax values.
Result<std::string> CompileFilter(const Filter& filter, Parameters& parameters);

// `record`, or, where the state of vectors matters, the view that tells it.
std::string_view RelationOf(const Filter& filter);

// The ORDER BY of a list.
std::string CompileOrder(const SortOrder& order);

// The rows after a position of that order, as CompileFilter.
std::string CompileAfter(const SortOrder& order,
                         const KeysetPosition& after,
                         Parameters& parameters);

}  // namespace datastorage::postgres
