// The fixture of what every RecordStore promises; the promises are in
// record_store_*_test.cc.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "contract/contract_stores.h"
#include "support/manual_clock.h"
#include "support/record_text.h"
#include "support/temporary_folder.h"

namespace datastorage {

inline constexpr const char* kContractSpace = "model/t1";

template <class Store>
class RecordStoreContract : public testing::Test {
 protected:
  static Sha256 Hash(std::string_view text) { return Sha256Of({text}); }
  static Embedding Axis(std::size_t axis) {
    Embedding vector{};
    vector[axis] = 1;
    return vector;
  }
  static SpacedEmbedding Embedded(std::string_view text, std::size_t axis = 0) {
    return {kContractSpace, Hash(text), Axis(axis)};
  }
  static Remediation Body(const std::string& key, const std::string& summary) {
    Remediation body;
    body.name = "restart";
    body.namespace_ = "shop";
    body.phase = "pending";
    body.action_type = "restart_pod";
    body.status = "running";
    body.start_time = WallTime(std::chrono::seconds(1'700'000'000));
    body.remediation_request_id = key;
    if (!summary.empty()) body.summary = summary;
    return body;
  }

  // A creation of a record with that key and text; its content hash is that of both.
  CreateOp Create(const std::string& key, const std::string& summary = "") {
    CreateOp create;
    create.id = SystemUuidSource().MakeVersion7();
    create.attempt = SystemUuidSource().MakeVersion4();
    create.body = Body(key, summary);
    create.content_hash = Hash(key + "/" + summary);
    create.now = clock_.WallNow();
    if (!summary.empty()) create.text_hash = Hash(summary);
    return create;
  }
  UpdateOp Update(const CreateOp& create, std::int64_t expected, const std::string& summary = "") {
    UpdateOp update;
    update.id = create.id;
    update.attempt = SystemUuidSource().MakeVersion4();
    update.expected_version = expected;
    update.body = Body(NaturalKeyOf(create.body), summary);
    update.now = clock_.WallNow();
    if (!summary.empty()) update.text_hash = Hash(summary);
    return update;
  }
  EraseOp Erase(const CreateOp& create) {
    return {create.id, SystemUuidSource().MakeVersion4(), clock_.WallNow(), "operator", "asked to"};
  }
  static IdempotencyClaim ClaimOf(const std::string& key, std::string_view request = "request") {
    return {key, Hash(request)};
  }

  std::vector<WriteOutcome> Commit(const std::vector<WriteOp>& operations,
                                   CommitMode mode = CommitMode::kEachForItself) {
    auto outcomes = store_->Commit(operations, mode, Deadline::Never());
    EXPECT_TRUE(outcomes.has_value());
    return outcomes.has_value() ? *outcomes : std::vector<WriteOutcome>(operations.size());
  }
  WriteOutcome CommitOne(const WriteOp& operation) { return Commit({operation}).at(0); }
  std::vector<WriteStatus> Statuses(const std::vector<WriteOp>& operations,
                                    CommitMode mode = CommitMode::kEachForItself) {
    std::vector<WriteStatus> statuses;
    for (const WriteOutcome& outcome : Commit(operations, mode)) statuses.push_back(outcome.status);
    return statuses;
  }
  ReadOutcome Read(const RecordRef& ref) {
    auto outcomes = store_->Read(std::span(&ref, 1), kContractSpace, Deadline::Never());
    EXPECT_TRUE(outcomes.has_value());
    return outcomes.has_value() ? outcomes->at(0) : ReadOutcome{};
  }
  VectorSetId RegisterLiveSet(PendingRule rule = PendingRule::kWhereEmbeddingIsMissing) {
    auto set = store_->RegisterSet({.engine = "scan",
                                    .space = kContractSpace,
                                    .projection = "",
                                    .pending_rule = rule,
                                    .state = VectorSetState::kLive},
                                   Deadline::Never());
    EXPECT_TRUE(set.has_value());
    return set.has_value() ? set->id : 0;
  }
  // In the first set there is, unless told otherwise.
  std::vector<PendingVector> Lease(int limit = 100, VectorSetId set = 1) {
    const WallTime now = clock_.WallNow();
    auto rows = store_->LeaseDue(
        set, limit, {.now = now, .until = now + std::chrono::minutes(1)}, Deadline::Never());
    EXPECT_TRUE(rows.has_value());
    return rows.has_value() ? *rows : std::vector<PendingVector>();
  }
  std::vector<RecordId> TextHits(const std::string& text,
                                 const Filter& filter = {},
                                 int limit = 10) {
    const auto hits = store_->TextSearch(text, filter, limit, Deadline::Never());
    EXPECT_TRUE(hits.has_value());
    std::vector<RecordId> ids;
    for (const TextHit& hit : *hits) {
      EXPECT_GT(hit.bm25, 0);
      ids.push_back(hit.id);
    }
    return ids;
  }

  ManualClock clock_;
  TemporaryFolder folder_;
  std::unique_ptr<Store> store_ = MakeStore<Store>(folder_.path(), clock_);
};

}  // namespace datastorage
