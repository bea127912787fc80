// What is answered fits the schema that describes it: no member is undescribed, none of the
// required ones is missing.
#include "api_fixture.h"
#include "http/openapi.h"

namespace datastorage::http {
namespace {

using schema::Json;
using schema::JsonType;

class Shapes : public ApiFixture {
 protected:
  // Checks objects, arrays, required members and undescribed members, through references.
  void Check(const Json& value, const Json& schema, const std::string& where) {
    if (const Json* reference = schema.Find("$ref"); reference != nullptr) {
      const std::string name = reference->text.substr(reference->text.rfind('/') + 1);
      Check(value, *components_.Find(name), where + "(" + name + ")");
      return;
    }
    if (const Json* items = schema.Find("items"); items != nullptr) {
      for (const Json& element : value.elements) Check(element, *items, where + "[]");
    }
    if (const Json* required = schema.Find("required"); required != nullptr) {
      for (const Json& name : required->elements) {
        EXPECT_NE(value.Find(name.text), nullptr) << where << " lacks " << name.text;
      }
    }
    const Json* properties = schema.Find("properties");
    if (properties == nullptr) return;
    for (const Json::Member& member : value.members) {
      const Json* described = properties->Find(member.first);
      EXPECT_NE(described, nullptr) << where << " does not describe " << member.first;
      ++checked_count_;
      if (described != nullptr) Check(member.second, *described, where + "." + member.first);
    }
  }

  void CheckAnswer(const Response& response, Shape shape, std::optional<RecordKind> kind) {
    Check(JsonOf(response), ReferenceTo(shape, kind), "answer");
  }

  const Json components_ = ComponentSchemas();
  int checked_count_ = 0;
};

TEST_F(Shapes, DescribeEveryAnswer) {
  const RecordKind kind = RecordKind::kRemediation;
  const std::string path = "/api/v1/audit/remediation";
  const std::string id =
      Create("r-1", "out of memory", R"(,"metadata":{"a":[1]},"severity":"high")");
  Create("r-2", "out of disk");
  CheckAnswer(Get(path + "/" + id), Shape::kRecord, kind);
  CheckAnswer(Get(path + "?limit=1&count=exact"), Shape::kRecordPage, kind);
  CheckAnswer(Get(path + "/" + id + "/history"), Shape::kHistory, kind);
  CheckAnswer(
      Get("/api/v1/audit?ids=remediation/key:r-1,remediation/key:none"), Shape::kLookup, {});
  CheckAnswer(Get("/api/v1/audit/search?q=memory&explain=true&max_bytes=4096"), Shape::kHits, {});
  CheckAnswer(Get(path + "/" + id + "/similar"), Shape::kHits, {});
  CheckAnswer(Post("/api/v1/audit/batch",
                   R"([{"kind":"workflow","record":)" + WorkflowJson("w") + R"(},{}])"),
              Shape::kBatchResults,
              {});
  CheckAnswer(Get("/readyz?verbose"), Shape::kHealth, {});
  CheckAnswer(Get("/livez"), Shape::kLife, {});
  CheckAnswer(Get("/version"), Shape::kVersion, {});
  embedder_.FailWhere([](std::string_view) { return true; }, ErrorCode::kUnavailable);
  CheckAnswer(Get("/api/v1/audit/search?q=memory"), Shape::kHits, {});
  CheckAnswer(Post(path, RemediationJson("r-3")), Shape::kRecord, kind);
  EXPECT_GT(checked_count_, 100);
}

TEST_F(Shapes, DescribeEveryProblem) {
  const Json problem = JsonLiteral(R"({"$ref": "#/components/schemas/Problem"})");
  Create("r-1");
  const std::string path = "/api/v1/audit/remediation";
  for (const Response& response : {Post(path, "{}"),
                                   Post(path, RemediationJson("r-1", "other")),
                                   Get(path + "?where=a:b&x=1"),
                                   Get("/nowhere"),
                                   Post(path, RemediationJson("r-2"), {{"idempotency-key", ""}}),
                                   Post("/api/v1/audit/batch?atomic=true", "[1]")}) {
    EXPECT_EQ(HeaderOf(response, "Content-Type"), "application/problem+json");
    Check(JsonOf(response), problem, "problem");
  }
}

}  // namespace
}  // namespace datastorage::http
