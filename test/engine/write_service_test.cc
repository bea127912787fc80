#include "engine/write_service.h"

#include <gmock/gmock.h>

#include <thread>

#include "engine/engine_fixture.h"

namespace datastorage {
namespace {

using testing::ElementsAre;

class WriteServiceTest : public EngineFixture {
 protected:
  static IdempotencyClaim Claim(const std::string& key, const std::string& request) {
    return {key, Sha256Of({request})};
  }
};

TEST_F(WriteServiceTest, AnswersARepeatedRecordWithTheFirstOne) {
  const Record first = Create("rr-1", "disk full");
  const Record second = Create("rr-1", "disk full", ReplyStatus::kExisting);
  EXPECT_EQ(second.id, first.id);
  EXPECT_EQ(second.version, 1);
}

TEST_F(WriteServiceTest, RefusesOtherContentUnderATakenNaturalKey) {
  const Record first = Create("rr-1", "disk full");
  const Record refused = Create("rr-1", "another story", ReplyStatus::kConflict);
  EXPECT_EQ(refused.id, first.id);
}

TEST_F(WriteServiceTest, ReplaysAnIdempotencyKeyWithTheVersionOfThatAnswer) {
  CreateRequest request = RequestFor(ARemediation("rr-1", "disk full"));
  request.claim = Claim("key-1", "request");
  const auto first = writes_->Create(request, Soon());
  ASSERT_TRUE(first.has_value());
  ASSERT_EQ(first->status, ReplyStatus::kCreated);
  const auto patched = writes_->Patch(PatchFor(first->record, R"({"status":"success"})"), Soon());
  ASSERT_EQ(patched->status, ReplyStatus::kUpdated);

  const auto replay = writes_->Create(request, Soon());
  ASSERT_TRUE(replay.has_value());
  EXPECT_EQ(replay->status, ReplyStatus::kReplayed);
  EXPECT_EQ(replay->replayed_http_status, 201);
  EXPECT_EQ(replay->record.version, 1);
  EXPECT_EQ(std::get<Remediation>(replay->record.body).status, "running");
}

TEST_F(WriteServiceTest, RefusesAnIdempotencyKeyUsedForAnotherRequest) {
  CreateRequest request = RequestFor(ARemediation("rr-1", "disk full"));
  request.claim = Claim("key-1", "request");
  ASSERT_TRUE(writes_->Create(request, Soon()).has_value());
  CreateRequest other = RequestFor(ARemediation("rr-2", "disk full"));
  other.claim = Claim("key-1", "another request");
  EXPECT_EQ(writes_->Create(other, Soon())->status, ReplyStatus::kKeyReused);
}

TEST_F(WriteServiceTest, LetsASecondRequestOfAKeyWaitForTheFirst) {
  embedder_->Close();
  CreateRequest request = RequestFor(ARemediation("rr-1", "disk full"));
  request.claim = Claim("key-1", "request");
  std::vector<ReplyStatus> statuses(2);
  std::vector<std::thread> callers;
  callers.emplace_back([&] { statuses[0] = writes_->Create(request, Soon())->status; });
  ASSERT_TRUE(embedder_->AwaitCallsInside(1));
  const auto busy = writes_->Create(request, Deadline::In(std::chrono::milliseconds(500)));
  EXPECT_EQ(busy->status, ReplyStatus::kKeyBusy);
  callers.emplace_back([&] { statuses[1] = writes_->Create(request, Soon())->status; });
  embedder_->Open();
  for (std::thread& caller : callers) caller.join();
  EXPECT_THAT(statuses, ElementsAre(ReplyStatus::kCreated, ReplyStatus::kReplayed));
}

TEST_F(WriteServiceTest, DecidesEachItemOfABatchForItself) {
  Create("rr-1", "taken");
  const std::vector<CreateRequest> requests{RequestFor(ARemediation("rr-0", "new")),
                                            RequestFor(ARemediation("rr-1", "other content")),
                                            RequestFor(ARemediation("rr-2", "new")),
                                            RequestFor(ARemediation("rr-2", "twin, altered")),
                                            RequestFor(ARemediation("rr-0", "new"))};
  const auto replies = writes_->CreateEach(requests, Soon());
  std::vector<ReplyStatus> statuses;
  for (const auto& reply : replies) statuses.push_back(reply->status);
  EXPECT_THAT(statuses,
              ElementsAre(ReplyStatus::kCreated,
                          ReplyStatus::kConflict,
                          ReplyStatus::kCreated,
                          ReplyStatus::kConflict,
                          ReplyStatus::kExisting));
}

TEST_F(WriteServiceTest, StoresNothingOfAnAtomicBatchWithOneConflict) {
  Create("rr-1", "taken");
  const std::vector<CreateRequest> requests{RequestFor(ARemediation("rr-0", "new")),
                                            RequestFor(ARemediation("rr-1", "other content"))};
  const auto replies = writes_->CreateAll(requests, Soon());
  ASSERT_TRUE(replies.has_value());
  EXPECT_EQ((*replies)[0].status, ReplyStatus::kNotAttempted);
  EXPECT_EQ((*replies)[1].status, ReplyStatus::kConflict);
  Create("rr-0", "new, and not stored before");
}

TEST_F(WriteServiceTest, PatchesUnderTheExpectedVersionOnly) {
  const Record record = Create("rr-1", "disk full");
  const auto updated =
      writes_->Patch(PatchFor(record, R"({"phase":"completed","status":"success"})"), Soon());
  ASSERT_TRUE(updated.has_value());
  EXPECT_EQ(updated->status, ReplyStatus::kUpdated);
  EXPECT_EQ(updated->record.version, 2);
  EXPECT_GT(updated->record.stamp, record.stamp);
  const auto stale = writes_->Patch(PatchFor(record, R"({"status":"failure"})"), Soon());
  EXPECT_EQ(stale->status, ReplyStatus::kStale);
  EXPECT_EQ(stale->record.version, 2);
}

TEST_F(WriteServiceTest, TellsWhyAPatchIsRefused) {
  Record record = Create("rr-1", "disk full");
  record = writes_->Patch(PatchFor(record, R"({"phase":"completed"})"), Soon())->record;
  EXPECT_EQ(writes_->Patch(PatchFor(record, R"({"phase":"pending"})"), Soon())->status,
            ReplyStatus::kIllegalPhase);
  const auto invalid = writes_->Patch(PatchFor(record, R"({"phase":"x","name":"y"})"), Soon());
  EXPECT_EQ(invalid->status, ReplyStatus::kInvalid);
  EXPECT_EQ(invalid->violations.size(), 2U);
  EXPECT_EQ(writes_->Patch(PatchFor(record, "{}"), Soon())->status, ReplyStatus::kUnchanged);
  PatchRequest of_other_kind = PatchFor(record, R"({"phase":"failed"})");
  of_other_kind.kind = RecordKind::kWorkflow;
  EXPECT_EQ(writes_->Patch(of_other_kind, Soon())->status, ReplyStatus::kNotFound);
  EXPECT_EQ(StateOf(record.id), VectorState::kSynced);
}

TEST_F(WriteServiceTest, ReplaysAPatchAlthoughItsVersionIsStaleByNow) {
  const Record record = Create("rr-1", "disk full");
  PatchRequest request = PatchFor(record, R"({"phase":"completed"})");
  request.claim = Claim("patch-1", "request");
  ASSERT_EQ(writes_->Patch(request, Soon())->status, ReplyStatus::kUpdated);
  const auto replay = writes_->Patch(request, Soon());
  ASSERT_TRUE(replay.has_value());
  EXPECT_EQ(replay->status, ReplyStatus::kReplayed);
  EXPECT_EQ(replay->record.version, 2);
}

TEST_F(WriteServiceTest, BindsTheKeyOfAPatchThatChangesNothing) {
  const Record record = Create("rr-1", "disk full");
  PatchRequest nothing = PatchFor(record, "{}");
  nothing.claim = Claim("patch-1", "request");
  EXPECT_EQ(writes_->Patch(nothing, Soon())->status, ReplyStatus::kUnchanged);
  PatchRequest other = PatchFor(record, R"({"phase":"completed"})");
  other.claim = Claim("patch-1", "another request");
  EXPECT_EQ(writes_->Patch(other, Soon())->status, ReplyStatus::kKeyReused);

  other.claim = Claim("patch-2", "another request");
  EXPECT_EQ(writes_->Patch(other, Soon())->status, ReplyStatus::kUpdated);
  const auto replay = writes_->Patch(nothing, Soon());
  ASSERT_TRUE(replay.has_value());
  EXPECT_EQ(replay->status, ReplyStatus::kReplayed);
  EXPECT_EQ(replay->replayed_http_status, 200);
  EXPECT_EQ(replay->record.version, 1);
}

}  // namespace
}  // namespace datastorage
