// Field: what is known of one member of a record, in one place. JSON, validation, filters,
// OpenAPI schemas and the embedded text are all derived from tuples of these.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "base/limits.h"
#include "domain/member.h"
#include "domain/records.h"

namespace datastorage::schema {

struct FieldRules {
  bool is_required = false;    // Text also needs a character that is not white space.
  std::size_t length_max = 0;  // In code points; 0: no limit of its own.
  std::span<const std::string_view> one_of{};
  bool is_trace_id = false;                    // 32 lower-case hex digits, not all zero.
  std::int64_t maximum = limits::kIntegerMax;  // Of integers and numbers; the least is 0.
  bool is_updatable = false;
  bool is_natural_key = false;
  // Place in the text that is embedded, from 1; 0: not part of it. Of members of equal rank the
  // first one that is not blank stands for all.
  int embedding_rank = 0;
};

template <class Record, class Value>
struct Field {
  std::string_view name;
  Value Record::*value;
  std::optional<Member> member;  // As filters know it; nullopt for metadata.
  std::string_view doc;
  FieldRules rules{};
};

template <class Record, class Value>
Field(std::string_view, Value Record::*, std::optional<Member>, std::string_view, FieldRules)
    -> Field<Record, Value>;
template <class Record, class Value>
Field(std::string_view, Value Record::*, std::optional<Member>, std::string_view)
    -> Field<Record, Value>;

}  // namespace datastorage::schema
