#include "schema/openapi_schemas.h"

#include <type_traits>

#include "schema/fields.h"
#include "schema/filter_terms.h"

namespace datastorage::schema {
namespace {

Json TypeOnly(std::string_view type) {
  Json schema = Json::Object();
  schema.Add("type", Json::String(type));
  return schema;
}

Json Typed(std::string_view type, std::string_view format) {
  Json schema = TypeOnly(type);
  schema.Add("format", Json::String(format));
  return schema;
}

Json Strings(std::span<const std::string_view> texts) {
  Json array = Json::Array();
  for (const std::string_view text : texts) array.Add(Json::String(text));
  return array;
}

Json ObjectOrText() {
  Json ways = Json::Array();
  ways.Add(TypeOnly("object"));
  Json text = TypeOnly("string");
  text.Add("contentMediaType", Json::String("application/json"));
  ways.Add(std::move(text));
  Json schema = Json::Object();
  schema.Add("oneOf", std::move(ways));
  return schema;
}

Json TextSchema(const FieldRules& rules) {
  Json schema = TypeOnly("string");
  if (rules.is_required && rules.one_of.empty()) schema.Add("minLength", Json::Integer(1));
  if (rules.length_max > 0) {
    schema.Add("maxLength", Json::Integer(static_cast<std::int64_t>(rules.length_max)));
  }
  if (!rules.one_of.empty()) schema.Add("enum", Strings(rules.one_of));
  if (rules.is_trace_id) schema.Add("pattern", Json::String("^(?!0{32})[0-9a-f]{32}$"));
  return schema;
}

Json NumberSchema(Json schema, const FieldRules& rules) {
  schema.Add("minimum", Json::Integer(0));
  schema.Add("maximum", Json::Integer(rules.maximum));
  return schema;
}

// The overloads take the type of the member, not its value.
Json ValueSchema(const std::string*, const FieldRules& rules, SchemaUse) {
  return TextSchema(rules);
}
Json ValueSchema(const std::int64_t*, const FieldRules& rules, SchemaUse) {
  return NumberSchema(Typed("integer", "int64"), rules);
}
Json ValueSchema(const double*, const FieldRules& rules, SchemaUse) {
  return NumberSchema(Typed("number", "double"), rules);
}
Json ValueSchema(const bool*, const FieldRules&, SchemaUse) {
  return TypeOnly("boolean");
}
Json ValueSchema(const WallTime*, const FieldRules&, SchemaUse) {
  return Typed("string", "date-time");
}
Json ValueSchema(const JsonObjectText*, const FieldRules&, SchemaUse use) {
  return use == SchemaUse::kStored ? TypeOnly("object") : ObjectOrText();
}
template <class Value>
Json ValueSchema(const std::optional<Value>*, const FieldRules& rules, SchemaUse use) {
  Json schema = ValueSchema(static_cast<const Value*>(nullptr), rules, use);
  if (use == SchemaUse::kStored) return schema;
  // null means absent in a create, and removes in a patch.
  Json types = Json::Array();
  types.Add(TypeOnly("null"));
  types.Add(std::move(schema));
  Json nullable = Json::Object();
  nullable.Add("anyOf", std::move(types));
  return nullable;
}

template <class Record, class Value>
Json FieldSchema(const Field<Record, Value>& field, SchemaUse use) {
  Json schema = ValueSchema(static_cast<const Value*>(nullptr), field.rules, use);
  schema.Add("description", Json::String(field.doc));
  if (std::is_same_v<Value, std::int64_t> && use == SchemaUse::kCreate) {
    schema.Add("default", Json::Integer(0));
  }
  return schema;
}

void AddServerSet(Json& properties, Json& required) {
  const auto add = [&](std::string name, Json schema, std::string_view doc) {
    schema.Add("description", Json::String(doc));
    if (name != "vector_reason") required.Add(Json::String(name));
    properties.Add(std::move(name), std::move(schema));
  };
  add("id", Typed("string", "uuid"), "Made by the service; UUID version 7.");
  add("version", Typed("integer", "int64"), "1 at creation, one more with each update.");
  add("created_at", Typed("string", "date-time"), "When the first version was written.");
  add("updated_at", Typed("string", "date-time"), "When this version was written.");
  Json vector = TypeOnly("string");
  vector.Add("enum", Strings(AllowedValues(Member::kVector)));
  add("vector", std::move(vector), "Whether the record can be found by meaning yet.");
  Json reason = TypeOnly("string");
  Json reasons = Json::Array();
  for (int i = 0; i < kPendingReasonCount; ++i) {
    reasons.Add(Json::String(NameOf(static_cast<PendingReason>(i))));
  }
  reason.Add("enum", std::move(reasons));
  add("vector_reason", std::move(reason), "Why not, while vector is pending.");
}

template <class Body>
Json SchemaOf(SchemaUse use) {
  Json properties = Json::Object();
  Json required = Json::Array();
  if (use == SchemaUse::kStored) AddServerSet(properties, required);
  ForEachField<Body>([&](const auto& field) {
    if (use == SchemaUse::kPatch && !field.rules.is_updatable) return;
    properties.Add(std::string(field.name), FieldSchema(field, use));
    const bool has_default =
        std::is_same_v<std::remove_cvref_t<decltype(Body{}.*field.value)>, std::int64_t>;
    const bool is_always = field.rules.is_required || (use == SchemaUse::kStored && has_default);
    if (use != SchemaUse::kPatch && is_always) required.Add(Json::String(field.name));
  });
  Json schema = TypeOnly("object");
  schema.Add("properties", std::move(properties));
  if (!required.elements.empty()) schema.Add("required", std::move(required));
  schema.Add("additionalProperties", Json::Boolean(false));
  return schema;
}

}  // namespace

Json RecordSchema(RecordKind kind, SchemaUse use) {
  return WithEmptyBody(kind, [&]<class Body>(const Body&) { return SchemaOf<Body>(use); });
}

Json MemberSchema(Member member) {
  if (member == Member::kId) return Typed("string", "uuid");
  switch (Describe(member).type) {
    case MemberType::kText: {
      Json schema = TypeOnly("string");
      const std::span<const std::string_view> allowed = AllowedValues(member);
      if (!allowed.empty()) schema.Add("enum", Strings(allowed));
      return schema;
    }
    case MemberType::kInteger:
      // Milliseconds may carry a unit.
      return IsMilliseconds(member) ? TypeOnly("string") : Typed("integer", "int64");
    case MemberType::kNumber: return Typed("number", "double");
    case MemberType::kBoolean: return TypeOnly("boolean");
    case MemberType::kTime: break;
  }
  // RFC 3339, or how long ago.
  return TypeOnly("string");
}

}  // namespace datastorage::schema
