// SqliteFixture: a store and, beside it, plain connections to its file in a temporary folder.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "sqlite/connection.h"
#include "sqlite/migrate.h"
#include "sqlite/sqlite_record_store.h"
#include "support/manual_clock.h"
#include "support/random_records.h"
#include "support/record_text.h"
#include "support/sqlite_dump.h"
#include "support/temporary_folder.h"

namespace datastorage {

class SqliteFixture : public testing::Test {
 protected:
  static constexpr const char* kSpace = "model/t1";

  void OpenStore() {
    store_.reset();
    auto opened = SqliteRecordStore::Open({.directory = folder_.path(), .clock = &clock_});
    ASSERT_TRUE(opened.has_value()) << opened.error().message;
    store_ = *std::move(opened);
  }
  std::string DatabasePath() const { return folder_.path() + "/datastorage.db"; }
  // A connection like those of the store, with its schema and statements.
  std::unique_ptr<sqlite::Connection> Connect() {
    auto connection = sqlite::Connection::Open({.path = DatabasePath(), .is_writer = true});
    EXPECT_TRUE(connection.has_value());
    EXPECT_TRUE(sqlite::Migrate(**connection, sqlite::AllMigrations()).has_value());
    EXPECT_TRUE((*connection)->PrepareAll().has_value());
    return *std::move(connection);
  }
  std::string Query(const std::string& sql) { return QueryFile(folder_.path(), sql); }

  CreateOp Create(const std::string& key, const std::string& summary = "") {
    Remediation body;
    body.name = "restart";
    body.namespace_ = "shop";
    body.phase = "pending";
    body.action_type = "restart_pod";
    body.status = "running";
    body.remediation_request_id = key;
    if (!summary.empty()) body.summary = summary;
    CreateOp create;
    create.id = SystemUuidSource().MakeVersion7();
    create.attempt = SystemUuidSource().MakeVersion4();
    create.body = std::move(body);
    create.content_hash = Sha256Of({key, summary});
    create.now = clock_.WallNow();
    if (!summary.empty()) create.text_hash = Sha256Of({summary});
    return create;
  }
  UpdateOp Update(const CreateOp& create, std::int64_t expected, const std::string& summary) {
    UpdateOp update;
    update.id = create.id;
    update.attempt = SystemUuidSource().MakeVersion4();
    update.expected_version = expected;
    update.body = Create(NaturalKeyOf(create.body), summary).body;
    update.now = clock_.WallNow();
    if (!summary.empty()) update.text_hash = Sha256Of({summary});
    return update;
  }
  std::vector<WriteOutcome> Commit(const std::vector<WriteOp>& operations) {
    auto outcomes = store_->Commit(operations, CommitMode::kEachForItself, Deadline::Never());
    EXPECT_TRUE(outcomes.has_value());
    return outcomes.has_value() ? *outcomes : std::vector<WriteOutcome>(operations.size());
  }
  VectorSetId Register(const std::string& space,
                       VectorSetState state,
                       PendingRule rule = PendingRule::kWhereEmbeddingIsMissing) {
    auto set = store_->RegisterSet(
        {.engine = "scan", .space = space, .projection = "", .pending_rule = rule, .state = state},
        Deadline::Never());
    EXPECT_TRUE(set.has_value());
    return set.has_value() ? set->id : 0;
  }
  std::vector<RecordId> TextHits(const std::string& text) {
    const auto hits = store_->TextSearch(text, {}, 10, Deadline::Never());
    EXPECT_TRUE(hits.has_value());
    std::vector<RecordId> ids;
    for (const TextHit& hit : *hits) ids.push_back(hit.id);
    return ids;
  }

  ManualClock clock_;
  TemporaryFolder folder_;
  std::unique_ptr<SqliteRecordStore> store_;
};

}  // namespace datastorage
