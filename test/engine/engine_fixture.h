// EngineFixture: the whole engine over real SQLite in a temporary folder, the in-process index and
// an embedder that the test stops, fails and counts.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <string>

#include "engine/dual_writer.h"
#include "engine/query_service.h"
#include "engine/relay.h"
#include "engine/search_service.h"
#include "engine/write_service.h"
#include "fake/fake_embedder.h"
#include "memory_cache/memory_embedding_cache.h"
#include "scan/scan_index.h"
#include "schema/record_json.h"
#include "schema/validate.h"
#include "sqlite/sqlite_record_store.h"

namespace datastorage {

inline Remediation ARemediation(const std::string& key, const std::string& summary) {
  Remediation record;
  record.name = "restart-" + key;
  record.namespace_ = "shop";
  record.phase = "processing";
  record.action_type = "restart_pod";
  record.status = "running";
  record.start_time = WallTime(std::chrono::seconds(1'700'000'000));
  record.remediation_request_id = key;
  record.summary = summary;
  return record;
}

class EngineFixture : public testing::Test {
 protected:
  EngineFixture() {
    std::string pattern = (std::filesystem::temp_directory_path() / "engine-XXXXXX").string();
    directory_ = mkdtemp(pattern.data());
    Restart();
  }
  ~EngineFixture() override {
    embedder_->Open();
    Shutdown();
    std::filesystem::remove_all(directory_);
  }

  void Shutdown() {
    searches_.reset();
    queries_.reset();
    writes_.reset();
    relay_.reset();
    writer_.reset();
    settler_.reset();
    sets_.reset();
    embedding_.reset();
    index_.reset();
    store_.reset();
  }

  // Ends everything and starts it again from what is on disk, with an empty index.
  void Restart(bool has_embedder = true) {
    Shutdown();
    SqliteRecordStore::Options options;
    options.directory = directory_;
    auto store = SqliteRecordStore::Open(options);
    ASSERT_TRUE(store.has_value()) << store.error().message;
    store_ = *std::move(store);
    index_ = std::make_unique<ScanIndex>(index_options_);
    cache_ = std::make_unique<MemoryEmbeddingCache>(MemoryEmbeddingCache::Options{});
    if (has_embedder) {
      embedding_ = std::make_unique<EmbeddingService>(
          ThreadRuntime(), *embedder_, *cache_, metrics_, EmbeddingService::Options{1});
    }
    EmbeddingService* embedding = embedding_.get();
    sets_ = std::make_unique<VectorSets>(ThreadRuntime(),
                                         *store_,
                                         std::vector<VectorEngine>{{"scan", index_.get()}},
                                         has_embedder ? embedding->Space() : "");
    ASSERT_TRUE(sets_->Open(Soon()).has_value());
    sets_->StartFilling();
    ASSERT_TRUE(sets_->AwaitFilled(Soon()));
    settler_ = std::make_unique<Settler>(ThreadRuntime(), *store_);
    DualWriter::Options writer_options;
    writer_options.embed_budget = embed_budget_;
    writer_ = std::make_unique<DualWriter>(
        ThreadRuntime(), *store_, *sets_, embedding, *settler_, metrics_, writer_options);
    relay_ =
        std::make_unique<Relay>(ThreadRuntime(), *store_, *sets_, embedding, *settler_, metrics_);
    writes_ = std::make_unique<WriteService>(
        ThreadRuntime(), *store_, *writer_, SystemUuidSource(), metrics_);
    queries_ = std::make_unique<QueryService>(*store_, metrics_);
    ASSERT_TRUE(queries_->Open(Soon()).has_value());
    searches_ =
        std::make_unique<SearchService>(ThreadRuntime(), *store_, *sets_, embedding, metrics_);
  }

  static Deadline Soon() { return Deadline::In(std::chrono::seconds(30)); }

  static CreateRequest RequestFor(RecordBody body) {
    CreateRequest request;
    request.body = std::move(body);
    const auto document = schema::ParseJson(schema::ToText(schema::BodyToJson(request.body)));
    request.content_hash = schema::ParseCreate(KindOf(request.body), *document).content_hash;
    return request;
  }

  // Creates a remediation; fails the test when that does not answer `expected`.
  Record Create(const std::string& key,
                const std::string& summary,
                ReplyStatus expected = ReplyStatus::kCreated) {
    const Result<WriteReply> reply =
        writes_->Create(RequestFor(ARemediation(key, summary)), Soon());
    EXPECT_TRUE(reply.has_value()) << reply.error().message;
    if (!reply.has_value()) return {};
    EXPECT_EQ(reply->status, expected);
    return reply->record;
  }

  PatchRequest PatchFor(const Record& record, const std::string& json) {
    PatchRequest request;
    request.ref = record.id;
    request.kind = KindOf(record.body);
    request.patch = *schema::ParseJson(json);
    request.if_match_version = record.version;
    return request;
  }

  SearchReply Search(const std::string& text, SearchMode mode, Filter filter = {}, int limit = 10) {
    SearchRequest request{text, std::nullopt, mode, std::move(filter), limit, std::nullopt};
    Result<SearchReply> reply = searches_->Search(request, Soon());
    EXPECT_TRUE(reply.has_value()) << reply.error().message;
    return reply.has_value() ? *std::move(reply) : SearchReply{};
  }

  static std::vector<RecordId> IdsOf(const SearchReply& reply) {
    std::vector<RecordId> ids;
    for (const SearchHit& hit : reply.hits) ids.push_back(hit.record.id);
    return ids;
  }

  VectorState StateOf(RecordId id) {
    const RecordRef ref = id;
    const auto outcomes = store_->Read({&ref, 1}, "", Soon());
    return outcomes.has_value() ? outcomes->front().record.vector : VectorState::kNone;
  }

  // Rounds of the relay until nothing is due and nothing is pending.
  bool RunRelayUntilIdle() {
    const Deadline deadline = Soon();
    while (!deadline.HasPassed()) {
      if (!relay_->RunOnce().has_value()) return false;
      const auto pending = store_->TallyPending(Soon());
      if (pending.has_value() && pending->empty()) return true;
    }
    return false;
  }

  ScanIndex::Options index_options_;  // Of the next Restart.
  Duration embed_budget_ = std::chrono::seconds(20);
  std::string directory_;
  Metrics metrics_;
  std::unique_ptr<FakeEmbedder> embedder_ = std::make_unique<FakeEmbedder>();
  std::unique_ptr<MemoryEmbeddingCache> cache_;
  std::unique_ptr<SqliteRecordStore> store_;
  std::unique_ptr<ScanIndex> index_;
  std::unique_ptr<EmbeddingService> embedding_;
  std::unique_ptr<VectorSets> sets_;
  std::unique_ptr<Settler> settler_;
  std::unique_ptr<DualWriter> writer_;
  std::unique_ptr<Relay> relay_;
  std::unique_ptr<WriteService> writes_;
  std::unique_ptr<QueryService> queries_;
  std::unique_ptr<SearchService> searches_;
};

}  // namespace datastorage
