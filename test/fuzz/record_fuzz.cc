// Fuzz: a document is either a record body that survives being stored, or has violations.
// The first byte chooses the kind, the rest is the document.
// Links: ds_schema
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "domain/records.h"
#include "schema/record_json.h"
#include "schema/validate.h"

namespace datastorage {
namespace {

void CheckOneRecord(RecordKind kind, std::string_view document) {
  const auto parsed = schema::ParseJson(document);
  if (!parsed.has_value()) return;
  const schema::ParsedBody created = schema::ParseCreate(kind, *parsed);
  DS_CHECK(created.body.has_value() == created.violations.empty());
  if (!created.body.has_value()) return;

  DS_CHECK(KindOf(*created.body) == kind);
  const std::string stored = schema::BodyToStoredText(*created.body);
  const auto read = schema::BodyFromStoredText(kind, stored);
  DS_CHECK(read.has_value());
  DS_CHECK(schema::BodyToStoredText(*read) == stored);
  DS_CHECK(schema::ContentHash(*read) == schema::ContentHash(*created.body));

  // The document as a patch of itself: whatever it says, it must not break the record.
  const schema::ParsedPatch patched = schema::ApplyPatch(*created.body, *parsed);
  DS_CHECK(patched.body.has_value() == patched.violations.empty());
}

}  // namespace
}  // namespace datastorage

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  if (size == 0) return 0;
  const auto kind = static_cast<datastorage::RecordKind>(bytes[0] % datastorage::kRecordKindCount);
  datastorage::CheckOneRecord(kind, {reinterpret_cast<const char*>(bytes) + 1, size - 1});
  return 0;
}
