// JSON as the body of requests and answers.
#pragma once

#include <string>

#include "http/message.h"
#include "schema/json.h"

namespace datastorage::http {

// The body as an object, with what is wrong inside it.
// Errors: kInvalidArgument, it is no JSON or no object; the message is for the client.
Result<schema::ParsedJson> ParseObject(const Request& request);

// `json` is the text of the answer's body.
void SetJson(Response& response, std::string json);
// With status 200.
Response JsonAnswer(const schema::Json& json);

}  // namespace datastorage::http
