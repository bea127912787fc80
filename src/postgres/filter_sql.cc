#include "postgres/filter_sql.h"

#include <algorithm>

#include "base/limits.h"

namespace datastorage::postgres {
namespace {

bool IsAlwaysThere(Member member) {
  return member <= Member::kVector;
}

std::string ColumnOf(Member member) {
  const std::string name(Describe(member).name);
  if (member == Member::kId) return "r.id::text COLLATE \"C\"";
  if (Describe(member).is_long_text) return "(r.body ->> '" + name + "') COLLATE \"C\"";
  return "r." + name;
}

// An id in its only text form, or nothing: other texts equal no id.
std::optional<Uuid> CanonicalId(const MemberValue& value) {
  const std::string& text = std::get<std::string>(value);
  const std::optional<Uuid> id = Uuid::Parse(text);
  return id.has_value() && id->ToString() == text ? id : std::nullopt;
}

// How many bytes a character that begins with `lead` has; 0 for what begins none.
std::size_t CharacterSize(unsigned char lead) {
  if (lead < 0x80) return 1;
  if (lead >= 0xC2 && lead < 0xE0) return 2;
  if (lead >= 0xE0 && lead < 0xF0) return 3;
  return lead >= 0xF0 && lead < 0xF5 ? 4 : 0;
}

// Whether the second byte makes the character overlong, a surrogate, or more than U+10FFFF.
bool IsOutOfRange(unsigned char lead, unsigned char second) {
  return (lead == 0xE0 && second < 0xA0) || (lead == 0xED && second > 0x9F) ||
         (lead == 0xF0 && second < 0x90) || (lead == 0xF4 && second > 0x8F);
}

// Whether the server takes it for a text: UTF-8 without U+0000. Stored texts are all of that kind.
bool IsServerText(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    const auto lead = static_cast<unsigned char>(text[at]);
    const std::size_t size = lead == 0 ? 0 : CharacterSize(lead);
    if (size == 0 || at + size > text.size()) return false;
    const std::string_view rest = text.substr(at + 1, size - 1);
    const bool is_whole = std::all_of(rest.begin(), rest.end(), [](char c) {
      return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U;
    });
    if (!is_whole || (size > 1 && IsOutOfRange(lead, static_cast<unsigned char>(rest[0])))) {
      return false;
    }
    at += size;
  }
  return true;
}

std::span<const std::uint8_t> BytesOf(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

std::string_view TypeOf(MemberType type) {
  switch (type) {
    case MemberType::kText: return "text";
    case MemberType::kInteger: return "bigint";
    case MemberType::kNumber: return "double precision";
    case MemberType::kBoolean: return "boolean";
    case MemberType::kTime: break;
  }
  return "timestamptz";
}

ElementType ElementTypeOf(MemberType type) {
  switch (type) {
    case MemberType::kText: return ElementType::kText;
    case MemberType::kInteger: return ElementType::kBigint;
    case MemberType::kNumber: return ElementType::kDouble;
    case MemberType::kBoolean: return ElementType::kBool;
    case MemberType::kTime: break;
  }
  return ElementType::kTimestamptz;
}

// What a member is compared with: its column, and the parameter in the same type.
struct Comparison {
  std::string column;
  std::string placeholder;
};

class Binder {
 public:
  explicit Binder(Parameters& parameters) : parameters_(parameters) {}

  template <class Value>
  std::string Add(Value&& value, std::string_view type) {
    parameters_.Add(std::forward<Value>(value));
    return "$" + std::to_string(parameters_.size()) + "::" + std::string(type);
  }

  std::string AddValue(const MemberValue& value, MemberType type) {
    return std::visit(
        [&]<class Held>(const Held& held) {
          if constexpr (std::is_same_v<Held, std::string>) {
            return Add(std::string_view(held), TypeOf(type));
          } else {
            return Add(held, TypeOf(type));
          }
        },
        value);
  }

  // By order. A text that the server does not take is compared by its bytes all the same.
  Comparison Compare(Member member, const MemberValue& value) {
    const auto* const text = std::get_if<std::string>(&value);
    if (member == Member::kId) {
      if (const std::optional<Uuid> id = CanonicalId(value)) return {"r.id", Add(*id, "uuid")};
    }
    if (text == nullptr || IsServerText(*text)) {
      return {ColumnOf(member), AddValue(value, Describe(member).type)};
    }
    return {"convert_to(" + ColumnOf(member) + ", 'UTF8')", Add(BytesOf(*text), "bytea")};
  }

 private:
  Parameters& parameters_;
};

class Compiler {
 public:
  explicit Compiler(Parameters& parameters) : binder_(parameters) {}

  const std::string& text() const { return text_; }
  std::size_t value_count() const { return value_count_; }

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
    text_.append("(").append(LeafOf(filter)).append(is_negated ? ") IS NOT TRUE" : ")");
  }

 private:
  void CompileBranch(const Filter& filter, bool joins_by_and, bool is_negated) {
    if (filter.children.empty()) {
      text_ += joins_by_and ? "TRUE" : "FALSE";
      return;
    }
    text_ += "(";
    for (std::size_t i = 0; i < filter.children.size(); ++i) {
      if (i > 0) text_ += joins_by_and ? " AND " : " OR ";
      Compile(filter.children[i], is_negated);
    }
    text_ += ")";
  }

  std::string LeafOf(const Filter& filter) {
    value_count_ += std::max<std::size_t>(filter.values.size(), 1);
    if (filter.op == FilterOp::kAnyOf) {
      return filter.member == Member::kId ? AnyIdOf(filter) : AnyOf(filter);
    }
    if (filter.op == FilterOp::kRange) return RangeOf(filter);
    if (filter.op == FilterOp::kPrefix) return PrefixOf(filter);
    return PathOf(filter);
  }

  std::string AnyIdOf(const Filter& filter) {
    ArrayValue ids(ElementType::kUuid);
    for (const MemberValue& value : filter.values) {
      if (const std::optional<Uuid> id = CanonicalId(value)) ids.Add(*id);
    }
    return ids.size() == 0 ? "FALSE" : "r.id = ANY (" + binder_.Add(ids, "uuid[]") + ")";
  }

  std::string AnyOf(const Filter& filter) {
    const MemberType type = Describe(filter.member).type;
    ArrayValue wanted(ElementTypeOf(type));
    const MemberValue* only = nullptr;
    for (const MemberValue& value : filter.values) {
      const auto* const text = std::get_if<std::string>(&value);
      if (text != nullptr && !IsServerText(*text)) continue;  // Equals nothing that is stored.
      only = &value;
      std::visit(
          [&]<class Held>(const Held& held) {
            if constexpr (std::is_same_v<Held, std::string>) {
              wanted.Add(std::string_view(held));
            } else {
              wanted.Add(held);
            }
          },
          value);
    }
    if (only == nullptr) return "FALSE";
    const std::string column = ColumnOf(filter.member);
    // An equality keeps the order of an index that goes on behind the column.
    if (wanted.size() == 1) return column + " = " + binder_.AddValue(*only, type);
    return column + " = ANY (" + binder_.Add(wanted, std::string(TypeOf(type)) + "[]") + ")";
  }

  std::string RangeOf(const Filter& filter) {
    if (!filter.lower.has_value() && !filter.upper.has_value()) {
      return ColumnOf(filter.member) + " IS NOT NULL";
    }
    std::string text;
    if (filter.lower.has_value()) {
      const Comparison lower = binder_.Compare(filter.member, filter.lower->value);
      text = lower.column + (filter.lower->is_inclusive ? " >= " : " > ") + lower.placeholder;
    }
    if (filter.lower.has_value() && filter.upper.has_value()) text += " AND ";
    if (filter.upper.has_value()) {
      const Comparison upper = binder_.Compare(filter.member, filter.upper->value);
      text += upper.column + (filter.upper->is_inclusive ? " <= " : " < ") + upper.placeholder;
    }
    return text;
  }

  std::string PrefixOf(const Filter& filter) {
    const std::string column = ColumnOf(filter.member);
    if (IsServerText(filter.text)) {
      return column + " ^@ " + binder_.Add(std::string_view(filter.text), "text");
    }
    const std::string size = std::to_string(filter.text.size());
    return "substring(convert_to(" + column + ", 'UTF8') FROM 1 FOR " + size +
           ") = " + binder_.Add(BytesOf(filter.text), "bytea");
  }

  // As RecordColumns spells scalars: the length of the path, the path, the text.
  std::string PathOf(const Filter& filter) {
    const std::string path = std::to_string(filter.text.size()) + ":" + filter.text;
    ArrayValue wanted(ElementType::kText);
    for (const MemberValue& value : filter.values) {
      const std::string scalar = path + std::get<std::string>(value);
      if (IsServerText(scalar)) wanted.Add(std::string_view(scalar));
    }
    return wanted.size() == 0 ? "FALSE" : "r.metadata_scalars && " + binder_.Add(wanted, "text[]");
  }

  Binder binder_;
  std::string text_;
  std::size_t value_count_ = 0;
};

bool ReadsVector(const Filter& filter) {
  const bool is_leaf = filter.op != FilterOp::kAnd && filter.op != FilterOp::kOr &&
                       filter.op != FilterOp::kNot && filter.op != FilterOp::kPath;
  return (is_leaf && filter.member == Member::kVector) ||
         std::any_of(filter.children.begin(), filter.children.end(), ReadsVector);
}

}  // namespace

Result<std::string> CompileFilter(const Filter& filter, Parameters& parameters) {
  Compiler compiler(parameters);
  compiler.Compile(filter, false);
  if (compiler.value_count() > limits::kFilterParameterCountMax) {
    return InvalidArgument("the filter holds too many values");
  }
  return compiler.text();
}

std::string_view RelationOf(const Filter& filter) {
  return ReadsVector(filter) ? "record_now" : "record";
}

std::string CompileOrder(const SortOrder& order) {
  const std::string direction = order.is_descending ? " DESC" : " ASC";
  if (order.member == Member::kId) return "r.id" + direction;
  // The server takes NULL for the greatest value: last in ascending order by itself.
  const bool needs_nulls_last = order.is_descending && !IsAlwaysThere(order.member);
  return ColumnOf(order.member) + direction + (needs_nulls_last ? " NULLS LAST" : "") + ", r.id" +
         direction;
}

std::string CompileAfter(const SortOrder& order,
                         const KeysetPosition& after,
                         Parameters& parameters) {
  Binder binder(parameters);
  const std::string comparison = order.is_descending ? " < " : " > ";
  if (order.member == Member::kId) return "r.id" + comparison + binder.Add(after.id, "uuid");
  const std::string column = ColumnOf(order.member);
  if (!after.value.has_value()) {
    return column + " IS NULL AND r.id" + comparison + binder.Add(after.id, "uuid");
  }
  const Comparison value = binder.Compare(order.member, *after.value);
  const std::string text = "(" + value.column + ", r.id)" + comparison + "(" + value.placeholder +
                           ", " + binder.Add(after.id, "uuid") + ")";
  return IsAlwaysThere(order.member) ? text : text + " OR " + column + " IS NULL";
}

}  // namespace datastorage::postgres
