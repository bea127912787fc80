// ApiFixture: the whole API over the real engine and stores in memory, without sockets.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <initializer_list>
#include <memory>
#include <string>

#include "engine/health_service.h"
#include "engine/query_service.h"
#include "engine/search_service.h"
#include "engine/write_service.h"
#include "fake/fake_embedder.h"
#include "fake/fake_record_store.h"
#include "fake/fake_vector_index.h"
#include "http/api.h"
#include "http/message.h"
#include "schema/json.h"

namespace datastorage::http {

// Forgets everything: each text runs the model.
class NoCache final : public EmbeddingCache {
 public:
  Result<std::vector<std::optional<Embedding>>> Get(std::span<const EmbeddingKey> keys,
                                                    Deadline /*deadline*/) override {
    return std::vector<std::optional<Embedding>>(keys.size());
  }
  Result<void> Put(std::span<const EmbeddingCacheEntry> /*entries*/,
                   Deadline /*deadline*/) override {
    return {};
  }
};

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

class ApiFixture : public testing::Test {
 protected:
  using Headers = std::initializer_list<Header>;

  ApiFixture() {
    EXPECT_TRUE(sets_.Open(Deadline::Never()).has_value());
    sets_.StartFilling();
    EXPECT_TRUE(sets_.AwaitFilled(Deadline::In(std::chrono::seconds(30))));
    EXPECT_TRUE(queries_.Open(Deadline::Never()).has_value());
  }
  ~ApiFixture() override { sets_.Stop(); }

  // As the server would: Admit, then Handle or the stream. Header names in lower case; a body gets
  // Content-Type: application/json unless one is given.
  Response Send(std::string_view method,
                std::string_view target,
                std::string_view body = {},
                Headers headers = {}) {
    return SendTo(api_.public_handler(), RequestOf(method, target, body, headers));
  }
  Response Get(std::string_view target, Headers headers = {}) {
    return Send("GET", target, {}, headers);
  }
  Response Post(std::string_view target, std::string_view body, Headers headers = {}) {
    return Send("POST", target, body, headers);
  }
  Response Patch(std::string_view target, std::string_view body, Headers headers = {}) {
    return Send("PATCH", target, body, headers);
  }
  // On the operators' listener.
  Response Operate(std::string_view target) {
    return SendTo(api_.operations_handler(), RequestOf("GET", target, {}, {}));
  }

  // Creates a remediation and returns its id.
  std::string Create(std::string_view key,
                     std::string_view summary = "pod was OOMKilled",
                     std::string_view more = {}) {
    const Response response =
        Post("/api/v1/audit/remediation", RemediationJson(key, summary, more));
    EXPECT_EQ(response.status, 201) << response.body;
    return TextAt(response, "id");
  }

  static Request RequestOf(std::string_view method,
                           std::string_view target,
                           std::string_view body,
                           Headers headers) {
    Request request;
    request.method = std::string(method);
    request.path = std::string(target.substr(0, target.find('?')));
    if (request.path.size() < target.size()) {
      request.query = std::string(target.substr(request.path.size() + 1));
    }
    request.headers = headers;
    if (!body.empty() && request.Find("content-type") == nullptr) {
      request.headers.push_back({"content-type", "application/json"});
    }
    request.body = std::string(body);
    request.received = SystemClock().Now();
    return request;
  }

  static Response SendTo(RequestHandler& handler, Request request) {
    Admission admission = handler.Admit(request);
    if (admission.answer.has_value()) return *std::move(admission.answer);
    if (!admission.is_streamed) return handler.Handle(request);
    const std::unique_ptr<BodyStream> stream = handler.OpenStream(request);
    Response response = stream->Head();
    response.body = stream->Take(request.body, true);
    return response;
  }

  Metrics metrics_;
  FakeRecordStore store_;
  FakeVectorIndex index_;
  FakeEmbedder embedder_;
  NoCache cache_;
  EmbeddingService embedding_{
      ThreadRuntime(), embedder_, cache_, metrics_, EmbeddingService::Options{1}};
  VectorSets sets_{ThreadRuntime(), store_, index_, "scan", embedding_.Space()};
  DualWriter writer_{ThreadRuntime(), store_, sets_, &embedding_, metrics_, {}};
  WriteService writes_{ThreadRuntime(), store_, writer_, SystemUuidSource(), metrics_};
  QueryService queries_{store_, metrics_};
  SearchService searches_{store_, sets_, &embedding_, metrics_};
  HealthService health_{ThreadRuntime(), store_, store_, sets_, &embedding_, metrics_};
  Api api_{{writes_, queries_, searches_, health_, metrics_}, {.version = "1.2.3"}};
};

}  // namespace datastorage::http
