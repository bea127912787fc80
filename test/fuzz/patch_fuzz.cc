// Fuzz: a patch is refused with reasons, or gives a record that a create would accept too; a patch
// that was applied changes nothing when it is applied again.
// Links: ds_schema
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "schema/record_json.h"
#include "schema/validate.h"

namespace datastorage {
namespace {

constexpr std::string_view kBefore =
    R"({"name":"checkout","namespace":"shop","phase":"pending","action_type":"restart_pod",)"
    R"("status":"running","start_time":"2026-03-01T00:00:00Z","end_time":"2026-03-01T00:01:00Z",)"
    R"("remediation_request_id":"rr-1","metadata":{"team":"payments","a":{"b":1.50}}})";

RecordBody Before() {
  return *schema::ParseCreate(RecordKind::kRemediation, *schema::ParseJson(kBefore)).body;
}

void CheckOnePatch(const schema::ParsedJson& patch) {
  const RecordBody before = Before();
  const schema::ParsedPatch patched = schema::ApplyPatch(before, patch);
  DS_CHECK(patched.body.has_value() == patched.violations.empty());
  if (!patched.body.has_value()) return;
  if (patched.changes_nothing) DS_CHECK(*patched.body == before);

  const auto stored = schema::ParseJson(schema::BodyToStoredText(*patched.body));
  DS_CHECK(stored.has_value());
  const schema::ParsedBody created = schema::ParseCreate(RecordKind::kRemediation, *stored);
  DS_CHECK(created.violations.empty());
  DS_CHECK(created.body == patched.body);

  const schema::ParsedPatch again = schema::ApplyPatch(*patched.body, patch);
  DS_CHECK(again.violations.empty());
  DS_CHECK(again.changes_nothing);
}

}  // namespace
}  // namespace datastorage

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  const auto patch = datastorage::schema::ParseJson({reinterpret_cast<const char*>(bytes), size});
  if (patch.has_value()) datastorage::CheckOnePatch(*patch);
  return 0;
}
