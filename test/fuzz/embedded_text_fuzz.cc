// Fuzz: normalising a text twice is normalising it once, for text that can be stored; other bytes
// do no harm.
// Links: ds_schema
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "schema/embedded_text.h"
#include "schema/json.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  using namespace datastorage::schema;
  const std::string_view text(reinterpret_cast<const char*>(bytes), size);
  const std::string once = NormalizeForEmbedding(text);
  std::string quoted;
  AppendQuoted(quoted, text);
  if (!ParseJson(quoted).has_value()) return 0;  // Not UTF-8.
  DS_CHECK(NormalizeForEmbedding(once) == once);
  return 0;
}
