#include "http/json_body.h"

namespace datastorage::http {

Result<schema::ParsedJson> ParseObject(const Request& request) {
  DS_ASSIGN_OR_RETURN(schema::ParsedJson document, schema::ParseJson(request.body));
  if (document.value.type != schema::JsonType::kObject) {
    return InvalidArgument("the body must be a JSON object");
  }
  return document;
}

void SetJson(Response& response, std::string json) {
  response.headers.push_back({"Content-Type", "application/json"});
  response.body = std::move(json);
}

Response JsonAnswer(const schema::Json& json) {
  Response response;
  SetJson(response, ToText(json));
  return response;
}

}  // namespace datastorage::http
