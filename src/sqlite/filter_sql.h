// Filters as SQL conditions with bound values. They select exactly what Matches() matches.
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/result.h"
#include "domain/query.h"
#include "sqlite/statement.h"

namespace datastorage::sqlite {

// A value of a statement; ids are stored as blobs.
using SqlValue = std::variant<MemberValue, Uuid>;

// A condition over `record_now AS r`; values are bound in their order.
struct SqlPart {
  std::string text;
  std::vector<SqlValue> values;

  void BindTo(StatementRun& execution) const;
};

// Errors: kInvalidArgument when the filter holds more than limits::kFilterParameterCountMax values.
Result<SqlPart> CompileFilter(const Filter& filter);

// The ORDER BY of a list.
std::string CompileOrder(const SortOrder& order);

// The rows after a position of that order.
SqlPart CompileAfter(const SortOrder& order, const KeysetPosition& after);

}  // namespace datastorage::sqlite
