#include "http/json_body.h"

#include <gtest/gtest.h>

namespace datastorage::http {
namespace {

using schema::Json;

TEST(JsonBody, TakesObjectsOnlyAndKeepsWhatIsWrongInside) {
  Request request;
  request.body = R"({"a": 1, "a": 2})";
  const auto parsed = ParseObject(request);
  ASSERT_TRUE(parsed.has_value());
  EXPECT_EQ(parsed->defects.size(), 1U);
  for (const char* body : {"[]", "1", "null", "{", ""}) {
    request.body = body;
    const auto refused = ParseObject(request);
    ASSERT_FALSE(refused.has_value()) << body;
    EXPECT_EQ(refused.error().code, ErrorCode::kInvalidArgument) << body;
  }
}

TEST(JsonBody, AnswersWithItsMediaType) {
  Json json = Json::Object();
  json.Add("a", Json::Integer(1));
  const Response response = JsonAnswer(json);
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.body, R"({"a":1})");
  ASSERT_EQ(response.headers.size(), 1U);
  EXPECT_EQ(response.headers[0].name, "Content-Type");
  EXPECT_EQ(response.headers[0].value, "application/json");
}

}  // namespace
}  // namespace datastorage::http
