// The OpenAPI document: held to a golden file, complete, and true of what is served.
#include "http/openapi.h"

#include <cstdlib>
#include <fstream>
#include <set>
#include <sstream>

#include "api_fixture.h"
#include "schema/members.h"

namespace datastorage::http {
namespace {

using schema::Json;
using schema::JsonType;

const std::string kGoldenPath = std::string(DS_SOURCE_DIR) + "/test/golden/openapi.json";

constexpr std::size_t kLineLength = 110;

// Short values on one line, others two spaces a level: a change of the contract is a diff that
// people read.
void AppendIndented(const Json& json, const std::string& indent, std::string& out) {
  const bool is_object = json.type == JsonType::kObject;
  const std::size_t count = is_object ? json.members.size() : json.elements.size();
  std::string line = ToText(json);
  if (count == 0 || indent.size() + line.size() < kLineLength) {
    out += line;
    return;
  }
  const std::string inner = indent + "  ";
  out += is_object ? "{\n" : "[\n";
  for (std::size_t i = 0; i < count; ++i) {
    out += inner;
    if (is_object) {
      schema::AppendQuoted(out, json.members[i].first);
      out += ": ";
    }
    AppendIndented(is_object ? json.members[i].second : json.elements[i], inner, out);
    out += i + 1 < count ? ",\n" : "\n";
  }
  out += indent + (is_object ? "}" : "]");
}

std::string Indented(const Json& json) {
  std::string text;
  AppendIndented(json, "", text);
  return text + "\n";
}

TEST(OpenApi, IsTheGoldenDocument) {
  const std::string document = Indented(OpenApiDocument("0"));
  if (std::getenv("UPDATE_GOLDEN") != nullptr) {
    std::ofstream(kGoldenPath) << document;
    GTEST_SKIP() << "rewritten: " << kGoldenPath;
  }
  std::ifstream file(kGoldenPath);
  std::stringstream golden;
  golden << file.rdbuf();
  EXPECT_TRUE(document == golden.str())
      << "the contract has changed; run with UPDATE_GOLDEN=1 and review the diff of "
      << kGoldenPath;
}

void CollectReferences(const Json& json, std::set<std::string>& references) {
  for (const Json& element : json.elements) CollectReferences(element, references);
  for (const Json::Member& member : json.members) {
    if (member.first == "$ref") references.insert(member.second.text);
    CollectReferences(member.second, references);
  }
}

TEST(OpenApi, HasWhatEveryReferenceLeadsTo) {
  const Json document = OpenApiDocument("0");
  std::set<std::string> references;
  CollectReferences(document, references);
  EXPECT_GT(references.size(), 10U);
  for (const std::string& reference : references) {
    const bool is_schema = reference.starts_with("#/components/schemas/");
    const Json* group = document.Find("components")->Find(is_schema ? "schemas" : "parameters");
    const std::string name = reference.substr(reference.rfind('/') + 1);
    EXPECT_NE(group->Find(name), nullptr) << reference;
  }
}

TEST(OpenApi, NamesEveryOperationOnce) {
  std::set<std::string> ids;
  const Json document = OpenApiDocument("0");
  for (const Json::Member& path : document.Find("paths")->members) {
    for (const Json::Member& operation : path.second.members) {
      EXPECT_TRUE(ids.insert(operation.second.Find("operationId")->text).second) << path.first;
      EXPECT_NE(operation.second.Find("summary")->text, "") << path.first;
      EXPECT_GE(operation.second.Find("responses")->members.size(), 3U) << path.first;
    }
  }
  EXPECT_EQ(ids.size(), 38U);
}

// What a reference into the components leads to.
const Json& Resolved(const Json* json, const Json* document) {
  const Json* reference = json->Find("$ref");
  if (reference == nullptr) return *json;
  const Json* found = document;
  std::stringstream path(reference->text.substr(2));
  for (std::string name; std::getline(path, name, '/');) found = found->Find(name);
  return *found;
}

class ServedOpenApi : public ApiFixture {};

TEST_F(ServedOpenApi, IsServed) {
  const Response response = Get("/openapi.json");
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.body, ToText(OpenApiDocument("1.2.3")));
}

// Every described query parameter is known to its route, whatever it thinks of the value; and what
// is described is served.
TEST_F(ServedOpenApi, DescribesParametersThatExist) {
  Create("x");
  Post("/api/v1/audit/workflow", WorkflowJson("x"));
  int parameter_count = 0;
  const Json document = OpenApiDocument("0");
  for (const Json::Member& path : document.Find("paths")->members) {
    const Json* operation = path.second.Find("get");
    if (operation == nullptr || path.first == "/metrics") continue;
    std::string target = path.first;
    if (const std::size_t id = target.find("{id}"); id != std::string::npos) {
      target.replace(id, 4, "key:x");
    }
    EXPECT_NE(ProblemIn(Get(target)), "no-such-route") << target;
    const Json* parameters = operation->Find("parameters");
    if (parameters == nullptr) continue;
    for (const Json& listed : parameters->elements) {
      const Json& parameter = Resolved(&listed, &document);
      if (parameter.Find("in")->text != "query") continue;
      ++parameter_count;
      const std::string name = parameter.Find("name")->text;
      const Response response = Get(target + "?" + name + "=1");
      EXPECT_THAT(ErrorsIn(response), testing::Not(testing::Contains(name + " unknown"))) << target;
    }
  }
  EXPECT_GT(parameter_count, 100);
}

}  // namespace
}  // namespace datastorage::http
