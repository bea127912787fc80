#include "sqlite/filter_sql.h"

#include <algorithm>

#include "base/check.h"
#include "base/limits.h"
#include "sqlite/filter_functions.h"

namespace datastorage::sqlite {
namespace {

bool IsAlwaysThere(Member member) {
  return member <= Member::kVector;
}

std::string ColumnOf(Member member) {
  if (member == Member::kId) return "ds_id_text(r.id)";
  return "r." + std::string(Describe(member).name);
}

void AppendPlaceholders(std::string& text, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) text += i == 0 ? "?" : ", ?";
}

// An id in its only text form, or nothing: other texts equal no id.
std::optional<Uuid> CanonicalId(const MemberValue& value) {
  const std::string& text = std::get<std::string>(value);
  const std::optional<Uuid> id = Uuid::Parse(text);
  return id.has_value() && id->ToString() == text ? id : std::nullopt;
}

// The least text above all that begin with `prefix`, or nothing if there is none.
std::optional<std::string> AbovePrefix(std::string prefix) {
  while (!prefix.empty() && static_cast<unsigned char>(prefix.back()) == 0xFF) prefix.pop_back();
  if (prefix.empty()) return std::nullopt;
  prefix.back() = static_cast<char>(static_cast<unsigned char>(prefix.back()) + 1);
  return prefix;
}

class Compiler {
 public:
  SqlPart Take() { return std::move(part_); }

  // Pushes `not` down to the leaves. A leaf may be NULL where a member is absent; under a `not` it
  // is wrapped, elsewhere NULL counts as false, and indexes stay usable.
  void Compile(const Filter& filter, bool is_negated) {
    switch (filter.op) {
      case FilterOp::kNot: Compile(filter.children.at(0), !is_negated); return;
      case FilterOp::kAnd: CompileBranch(filter, !is_negated, is_negated); return;
      case FilterOp::kOr: CompileBranch(filter, is_negated, is_negated); return;
      case FilterOp::kAnyOf:
      case FilterOp::kRange:
      case FilterOp::kPrefix:
      case FilterOp::kPath: break;
    }
    part_.text += "(";
    CompileLeaf(filter);
    part_.text += is_negated ? ") IS NOT TRUE" : ")";
  }

 private:
  void CompileBranch(const Filter& filter, bool joins_by_and, bool is_negated) {
    if (filter.children.empty()) {
      part_.text += joins_by_and ? "TRUE" : "FALSE";
      return;
    }
    part_.text += "(";
    for (std::size_t i = 0; i < filter.children.size(); ++i) {
      if (i > 0) part_.text += joins_by_and ? " AND " : " OR ";
      Compile(filter.children[i], is_negated);
    }
    part_.text += ")";
  }

  void CompileLeaf(const Filter& filter) {
    if (filter.op == FilterOp::kAnyOf) return CompileAnyOf(filter);
    if (filter.op == FilterOp::kRange) return CompileRange(filter);
    if (filter.op == FilterOp::kPrefix) return CompilePrefix(filter);
    CompilePath(filter);
  }

  void CompileAnyOf(const Filter& filter) {
    std::vector<SqlValue> wanted;
    for (const MemberValue& value : filter.values) {
      if (filter.member != Member::kId) {
        wanted.emplace_back(value);
      } else if (const std::optional<Uuid> id = CanonicalId(value)) {
        wanted.emplace_back(*id);
      }
    }
    if (wanted.empty()) {
      part_.text += "FALSE";
      return;
    }
    part_.text += filter.member == Member::kId ? "r.id" : ColumnOf(filter.member);
    part_.text += wanted.size() == 1 ? " = (" : " IN (";
    AppendPlaceholders(part_.text, wanted.size());
    part_.text += ")";
    part_.values.insert(part_.values.end(), wanted.begin(), wanted.end());
  }

  void CompileRange(const Filter& filter) {
    const std::string column = ColumnOf(filter.member);
    if (!filter.lower.has_value() && !filter.upper.has_value()) {
      part_.text += column + " IS NOT NULL";
      return;
    }
    if (filter.lower.has_value()) {
      part_.text += column + (filter.lower->is_inclusive ? " >= ?" : " > ?");
      part_.values.emplace_back(filter.lower->value);
    }
    if (filter.lower.has_value() && filter.upper.has_value()) part_.text += " AND ";
    if (filter.upper.has_value()) {
      part_.text += column + (filter.upper->is_inclusive ? " <= ?" : " < ?");
      part_.values.emplace_back(filter.upper->value);
    }
  }

  void CompilePrefix(const Filter& filter) {
    const std::string column = ColumnOf(filter.member);
    part_.text += column + " >= ?";
    part_.values.emplace_back(MemberValue(filter.text));
    if (std::optional<std::string> above = AbovePrefix(filter.text)) {
      part_.text += " AND " + column + " < ?";
      part_.values.emplace_back(MemberValue(*std::move(above)));
    }
  }

  void CompilePath(const Filter& filter) {
    if (filter.values.empty()) {
      part_.text += "FALSE";
      return;
    }
    for (std::size_t from = 0; from < filter.values.size(); from += kMetadataTextCountMax) {
      const std::size_t count =
          std::min<std::size_t>(filter.values.size() - from, kMetadataTextCountMax);
      part_.text +=
          from == 0 ? "ds_metadata_has(r.metadata, ?, " : " OR ds_metadata_has(r.metadata, ?, ";
      AppendPlaceholders(part_.text, count);
      part_.text += ")";
      part_.values.emplace_back(MemberValue(filter.text));
      const auto first = filter.values.begin() + static_cast<std::ptrdiff_t>(from);
      part_.values.insert(part_.values.end(), first, first + static_cast<std::ptrdiff_t>(count));
    }
  }

  SqlPart part_;
};

}  // namespace

void SqlPart::BindTo(StatementRun& execution) const {
  for (const SqlValue& value : values) {
    if (const auto* id = std::get_if<Uuid>(&value)) {
      execution.BindId(*id);
    } else {
      execution.BindValue(std::get<MemberValue>(value));
    }
  }
}

Result<SqlPart> CompileFilter(const Filter& filter) {
  Compiler compiler;
  compiler.Compile(filter, false);
  SqlPart part = compiler.Take();
  if (part.values.size() > limits::kFilterParameterCountMax) {
    return InvalidArgument("the filter holds too many values");
  }
  return part;
}

std::string CompileOrder(const SortOrder& order) {
  const std::string direction = order.is_descending ? " DESC" : " ASC";
  if (order.member == Member::kId) return "r.id" + direction;
  // SQLite takes NULL for the least value: last in descending order by itself.
  const bool needs_nulls_last = !order.is_descending && !IsAlwaysThere(order.member);
  return ColumnOf(order.member) + direction + (needs_nulls_last ? " NULLS LAST" : "") + ", r.id" +
         direction;
}

SqlPart CompileAfter(const SortOrder& order, const KeysetPosition& after) {
  const std::string comparison = order.is_descending ? " < " : " > ";
  if (order.member == Member::kId) return {"r.id" + comparison + "?", {after.id}};
  const std::string column = ColumnOf(order.member);
  if (!after.value.has_value()) {
    return {column + " IS NULL AND r.id" + comparison + "?", {after.id}};
  }
  std::string text = "(" + column + ", r.id)" + comparison + "(?, ?)";
  if (!IsAlwaysThere(order.member)) text += " OR " + column + " IS NULL";
  return {std::move(text), {*after.value, after.id}};
}

}  // namespace datastorage::sqlite
