// The OpenAPI 3.1 document: made from the route table and the field tables, and nothing else.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "domain/records.h"
#include "http/route.h"
#include "schema/json.h"

namespace datastorage::http {

schema::Json OpenApiDocument(std::string_view version);

// `{"$ref": …}` to the schema of a shape.
schema::Json ReferenceTo(Shape shape, std::optional<RecordKind> kind);
// All schemas that references lead to, by name.
schema::Json ComponentSchemas();

// "Remediation", "AiAnalysis", …
std::string_view TitleOf(RecordKind kind);

// JSON as it stands in the source. REQUIRES: valid.
schema::Json JsonLiteral(std::string_view text);

}  // namespace datastorage::http
