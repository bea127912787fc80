// Bodies to send and answers to look into, for tests of handlers.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "http/message.h"
#include "schema/json.h"

namespace datastorage::http {

inline std::string HeaderOf(const Response& response, std::string_view name) {
  for (const Header& header : response.headers) {
    if (header.name == name) return header.value;
  }
  return {};
}

inline schema::Json JsonOf(const Response& response) {
  const Result<schema::ParsedJson> parsed = schema::ParseJson(response.body);
  EXPECT_TRUE(parsed.has_value()) << response.body;
  return parsed.has_value() ? parsed->value : schema::Json();
}

// The value at a path of member names and indexes, such as "items/0/id"; null when absent.
inline schema::Json At(const schema::Json& json, std::string_view path) {
  const std::string_view name = path.substr(0, path.find('/'));
  const std::string_view rest = path.substr(std::min(name.size() + 1, path.size()));
  const schema::Json* found = json.Find(name);
  if (json.type == schema::JsonType::kArray) {
    const std::size_t index = std::stoul(std::string(name));
    found = index < json.elements.size() ? &json.elements[index] : nullptr;
  }
  if (found == nullptr) return {};
  return rest.empty() ? *found : At(*found, rest);
}
inline schema::Json At(const Response& response, std::string_view path) {
  return At(JsonOf(response), path);
}
inline std::string TextAt(const Response& response, std::string_view path) {
  return At(response, path).text;
}
inline std::size_t SizeAt(const Response& response, std::string_view path) {
  return At(response, path).elements.size();
}

// "where code" of each error of a problem; where is its pointer, parameter or header.
inline std::vector<std::string> ErrorsIn(const Response& response) {
  std::vector<std::string> errors;
  for (const schema::Json& error : At(response, "errors").elements) {
    errors.push_back(At(error, "pointer").text + At(error, "parameter").text +
                     At(error, "header").text + " " + At(error, "code").text);
  }
  return errors;
}
// The last part of a problem's type.
inline std::string ProblemIn(const Response& response) {
  const std::string type = TextAt(response, "type");
  return type.substr(type.rfind('/') + 1);
}

// A valid remediation; `more` is appended, such as R"(,"severity":"high")".
inline std::string RemediationJson(std::string_view key,
                                   std::string_view summary = "pod was OOMKilled",
                                   std::string_view more = {}) {
  std::string json = R"({"name":"restart","namespace":"shop","phase":"processing",)"
                     R"("action_type":"restart_pod","status":"running",)"
                     R"("start_time":"2026-03-01T00:00:00Z","remediation_request_id":")";
  json += key;
  json += R"(","summary":")";
  json += summary;
  json += '"';
  json += more;
  return json + "}";
}

inline std::string WorkflowJson(std::string_view key) {
  return R"({"remediation_request_id":"r-1","workflow_id":")" + std::string(key) +
         R"(","phase":"planning","start_time":"2026-03-01T00:00:00Z"})";
}

}  // namespace datastorage::http
