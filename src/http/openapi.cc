#include "http/openapi.h"

#include <algorithm>
#include <map>

#include "base/check.h"
#include "http/filter_parameters.h"
#include "schema/members.h"
#include "schema/openapi_schemas.h"

namespace datastorage::http {
namespace {

using schema::Json;

// What every route may answer, beside its own.
constexpr Problem kCommonProblems[] = {Problem::kBadFraming,
                                       Problem::kBadParameter,
                                       Problem::kNotAcceptable,
                                       Problem::kTooSlow,
                                       Problem::kUriTooLong,
                                       Problem::kHeaderTooLarge,
                                       Problem::kInternal,
                                       Problem::kOverloaded,
                                       Problem::kUnavailable,
                                       Problem::kDeadlineExceeded};

Json Parameter(std::string_view name, std::string_view place, std::string_view description) {
  Json parameter = Json::Object();
  parameter.Add("name", Json::String(name));
  parameter.Add("in", Json::String(place));
  parameter.Add("description", Json::String(description));
  return parameter;
}

Json FilterParameter(Member member) {
  std::string description = "Keeps records whose ";
  description += Describe(member).name;
  description += " is this. Given several times: is any of these.";
  Json parameter = Parameter(Describe(member).name, "query", description);
  Json values = JsonLiteral(R"({"type": "array"})");
  values.Add("items", schema::MemberSchema(member));
  parameter.Add("schema", std::move(values));
  return parameter;
}

// Routes share these: the document names each once.
Json FilterReference(Member member) {
  Json reference = Json::Object();
  reference.Add("$ref",
                Json::String("#/components/parameters/" + std::string(Describe(member).name)));
  return reference;
}

Json Parameters(const Route& route, std::optional<RecordKind> kind) {
  Json parameters = Json::Array();
  if (route.pattern.find("{id}") != std::string_view::npos) {
    Json id = Parameter("id", "path", "The record's UUID, or key: and its natural key.");
    id.Add("required", Json::Boolean(true));
    id.Add("schema",
           JsonLiteral(R"({"type": "string", "pattern": "^([0-9A-Fa-f-]{36}|key:.+)$"})"));
    parameters.Add(std::move(id));
  }
  for (const ParameterDoc& doc : route.parameters) {
    const bool is_header = doc.place == ParameterPlace::kHeader;
    Json parameter = Parameter(doc.name, is_header ? "header" : "query", doc.description.text());
    if (doc.is_required) parameter.Add("required", Json::Boolean(true));
    parameter.Add("schema", doc.schema);
    parameters.Add(std::move(parameter));
  }
  if (route.filters == FilterSet::kNone) return parameters;
  const bool is_of_kind = route.filters == FilterSet::kOfKind;
  for (const Member member : is_of_kind ? schema::MembersOf(*kind) : EveryMember()) {
    parameters.Add(FilterReference(member));
  }
  return parameters;
}

Json Content(std::string_view media_type, Json reference) {
  Json typed = Json::Object();
  typed.Add("schema", std::move(reference));
  Json content = Json::Object();
  content.Add(std::string(media_type), std::move(typed));
  return content;
}

Json RequestBody(const Route& route, std::optional<RecordKind> kind) {
  Json content = Json::Object();
  for (const BodyDoc& body : route.bodies) {
    Json typed = Json::Object();
    typed.Add("schema", ReferenceTo(body.shape, kind));
    content.Add(std::string(body.media_type), std::move(typed));
  }
  Json request = Json::Object();
  request.Add("required", Json::Boolean(true));
  request.Add("content", std::move(content));
  return request;
}

// One entry a status: the problems that share it are told apart by `type`.
void AddProblems(const Route& route, Json& responses) {
  std::map<int, std::string> by_status;
  const auto add = [&by_status](Problem problem) {
    const ProblemDescription& description = Describe(problem);
    std::string& text = by_status[description.status];
    if (!text.empty()) text += "; ";
    text += std::string(description.title) + " (/problems/" + std::string(description.slug) + ")";
  };
  for (const Problem problem : kCommonProblems) add(problem);
  for (const Problem problem : route.problems) add(problem);
  for (const auto& [status, text] : by_status) {
    const std::string name = std::to_string(status);
    if (responses.Find(name) != nullptr) continue;
    Json response = Json::Object();
    response.Add("description", Json::String(text));
    response.Add("content",
                 Content("application/problem+json",
                         JsonLiteral(R"({"$ref": "#/components/schemas/Problem"})")));
    responses.Add(name, std::move(response));
  }
}

Json Responses(const Route& route, std::optional<RecordKind> kind) {
  Json responses = Json::Object();
  for (const AnswerDoc& answer : route.answers) {
    const std::string status = std::to_string(answer.status);
    Json content = answer.shape == Shape::kNothing
                       ? Json()
                       : Content(answer.media_type, ReferenceTo(answer.shape, kind));
    const auto known = std::find_if(
        responses.members.begin(), responses.members.end(), [&](const Json::Member& member) {
          return member.first == status;
        });
    if (known == responses.members.end()) {
      Json response = Json::Object();
      response.Add("description", Json::String(answer.description.text()));
      if (answer.shape != Shape::kNothing) response.Add("content", std::move(content));
      responses.Add(status, std::move(response));
      continue;
    }
    // A second media type of the same answer.
    for (Json::Member& member : known->second.members) {
      if (member.first == "content") member.second.members.push_back(content.members.front());
    }
  }
  AddProblems(route, responses);
  return responses;
}

Json Operation(const Route& route, std::optional<RecordKind> kind) {
  Json operation = Json::Object();
  std::string id(route.operation);
  if (kind.has_value()) id += TitleOf(*kind);
  operation.Add("operationId", Json::String(id));
  operation.Add("summary", Json::String(route.summary.text()));
  if (Json parameters = Parameters(route, kind); !parameters.elements.empty()) {
    operation.Add("parameters", std::move(parameters));
  }
  if (!route.bodies.empty()) operation.Add("requestBody", RequestBody(route, kind));
  operation.Add("responses", Responses(route, kind));
  return operation;
}

std::string ToLowerCase(std::string_view method) {
  std::string lower(method);
  for (char& c : lower) c = static_cast<char>(c - 'A' + 'a');
  return lower;
}

void AddOperation(const Route& route, std::optional<RecordKind> kind, Json& paths) {
  constexpr std::string_view kPlaceholder = "{kind}";
  std::string path(route.pattern);
  if (kind.has_value()) {
    path.replace(path.find(kPlaceholder), kPlaceholder.size(), NameOf(*kind));
  }
  if (paths.Find(path) == nullptr) paths.Add(path, Json::Object());
  for (Json::Member& member : paths.members) {
    if (member.first == path) {
      member.second.Add(ToLowerCase(route.method), Operation(route, kind));
    }
  }
}

}  // namespace

Json JsonLiteral(std::string_view text) {
  Result<schema::ParsedJson> parsed = schema::ParseJson(text);
  DS_CHECK(parsed.has_value());
  return std::move(parsed->value);
}

std::string_view TitleOf(RecordKind kind) {
  switch (kind) {
    case RecordKind::kRemediation: return "Remediation";
    case RecordKind::kAiAnalysis: return "AiAnalysis";
    case RecordKind::kWorkflow: return "Workflow";
    case RecordKind::kExecution: return "Execution";
  }
  return "";
}

Json OpenApiDocument(std::string_view version) {
  Json document = Json::Object();
  document.Add("openapi", Json::String("3.1.0"));
  Json info = JsonLiteral(R"({"title": "datastorage",
      "summary": "Records what remediation did, durably, and finds it again by meaning and words.",
      "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"}})");
  info.Add("version", Json::String(version));
  document.Add("info", std::move(info));
  Json paths = Json::Object();
  for (const std::vector<Route>* routes : {&ApiRoutes(), &OperationsRoutes()}) {
    for (const Route& route : *routes) {
      // What both listeners serve is described once; these are the operators' own.
      const bool is_described = routes == &ApiRoutes() || route.pattern == "/metrics" ||
                                route.pattern.starts_with("/admin/");
      if (!is_described) continue;
      if (route.kinds.empty()) AddOperation(route, std::nullopt, paths);
      for (const RecordKind kind : route.kinds) AddOperation(route, kind, paths);
    }
  }
  document.Add("paths", std::move(paths));
  Json components = Json::Object();
  components.Add("schemas", ComponentSchemas());
  Json parameters = Json::Object();
  for (const Member member : EveryMember()) {
    parameters.Add(std::string(Describe(member).name), FilterParameter(member));
  }
  components.Add("parameters", std::move(parameters));
  document.Add("components", std::move(components));
  return document;
}

}  // namespace datastorage::http
