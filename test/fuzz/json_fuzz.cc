// Fuzz: what the JSON parser accepts it writes so that it reads the same again.
// Links: ds_schema
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "schema/json.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  using datastorage::schema::ParseJson;
  using datastorage::schema::ToText;
  const auto parsed = ParseJson({reinterpret_cast<const char*>(bytes), size});
  if (!parsed.has_value()) {
    DS_CHECK(!parsed.error().message.empty());
    return 0;
  }
  if (!parsed->defects.empty()) return 0;

  const std::string text = ToText(parsed->value);
  const auto again = ParseJson(text);
  DS_CHECK(again.has_value());
  DS_CHECK(again->defects.empty());
  DS_CHECK(ToText(again->value) == text);
  return 0;
}
