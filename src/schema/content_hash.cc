// ContentHash: equal for records that mean the same, however they were spelt.
#include "base/check.h"
#include "schema/fields.h"
#include "schema/metadata.h"
#include "schema/validate.h"

namespace datastorage::schema {
namespace {

std::string Canonical(const std::string& text) {
  return text;
}
std::string Canonical(std::int64_t number) {
  return std::to_string(number);
}
std::string Canonical(bool truth) {
  return truth ? "true" : "false";
}
std::string Canonical(WallTime time) {
  return std::to_string(time.time_since_epoch().count());
}
std::string Canonical(double number) {
  return CanonicalJson(Json::Number(number));  // -0 is 0.
}
std::string Canonical(const JsonObjectText& object) {
  const Result<ParsedJson> parsed = ParseJson(object.text);
  DS_CHECK(parsed.has_value());
  return CanonicalJson(parsed->value);
}
template <class Value>
std::string Canonical(const std::optional<Value>& value) {
  // The letter tells "absent" from an empty text.
  return value.has_value() ? "v" + Canonical(*value) : "";
}

}  // namespace

Sha256 ContentHash(const RecordBody& body) {
  std::string content;
  std::visit(
      [&]<class Body>(const Body& members) {
        ForEachField<Body>([&](const auto& field) {
          const std::string value = Canonical(members.*field.value);
          content.append(field.name).append(":").append(std::to_string(value.size()));
          content.append(":").append(value);
        });
      },
      body);
  return Sha256Of({NameOf(KindOf(body)), content});
}

}  // namespace datastorage::schema
