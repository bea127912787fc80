// Fuzz: the filter language and the filter tree answer every text with a filter or with errors that
// say something, and what they accept can be evaluated.
// Links: ds_schema
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "domain/filter.h"
#include "schema/filter_parse.h"
#include "schema/json.h"

namespace datastorage {
namespace {

void CheckParsed(const schema::ParsedFilter& parsed) {
  for (const schema::FilterError& error : parsed.errors) {
    DS_CHECK(!error.code.empty());
    DS_CHECK(!error.message.empty());
  }
  if (!parsed.errors.empty()) return;
  // Two-valued: a record matches a filter or its complement, never both, never neither.
  const FilterMembers nothing;
  DS_CHECK(Matches(parsed.filter, nothing) != Matches(Filter::Not(parsed.filter), nothing));
}

}  // namespace
}  // namespace datastorage

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  using namespace datastorage;
  const std::string_view text(reinterpret_cast<const char*>(bytes), size);
  CheckParsed(schema::ParseWhere(text, true, WallTime{}));
  CheckParsed(schema::ParseWhere(text, false, WallTime{}));
  const auto json = schema::ParseJson(text);
  if (json.has_value()) CheckParsed(schema::ParseFilterJson(json->value, WallTime{}));
  return 0;
}
