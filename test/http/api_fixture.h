// ApiFixture: the whole API over the real engine and stores in memory, without sockets.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <initializer_list>
#include <memory>
#include <string>

#include "answers.h"
#include "engine/backup_service.h"
#include "engine/erasure_service.h"
#include "engine/health_service.h"
#include "engine/move_service.h"
#include "engine/query_service.h"
#include "engine/reconcile_service.h"
#include "engine/search_service.h"
#include "engine/write_service.h"
#include "fake/fake_backup.h"
#include "fake/fake_embedder.h"
#include "fake/fake_record_store.h"
#include "fake/fake_vector_index.h"
#include "http/api.h"

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
  Response Administer(std::string_view target, std::string_view body, Headers headers = {}) {
    return SendTo(api_.operations_handler(), RequestOf("POST", target, body, headers));
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
  VectorSets sets_{ThreadRuntime(), store_, {{"scan", &index_}}, embedding_.Space()};
  Settler settler_{ThreadRuntime(), store_};
  DualWriter writer_{ThreadRuntime(), store_, sets_, &embedding_, settler_, metrics_, {}};
  WriteService writes_{ThreadRuntime(), store_, writer_, SystemUuidSource(), metrics_};
  ErasureService erasures_{ThreadRuntime(), store_, writer_, SystemUuidSource()};
  ReconcileService reconciles_{ThreadRuntime(), store_, sets_, metrics_};
  FakeBackup backup_;
  BackupService backups_{backup_};
  MoveService moves_{ThreadRuntime(), store_, sets_};
  QueryService queries_{store_, metrics_};
  SearchService searches_{ThreadRuntime(), store_, sets_, &embedding_, metrics_};
  HealthService health_{ThreadRuntime(), store_, store_, sets_, &embedding_, metrics_};
  ApiParts Parts() {
    return {
        writes_, queries_, searches_, health_, erasures_, reconciles_, backups_, moves_, metrics_};
  }
  Api api_{Parts(), {.version = "1.2.3"}};
};

}  // namespace datastorage::http
