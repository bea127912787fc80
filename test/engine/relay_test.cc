#include "engine/relay.h"

#include <gmock/gmock.h>

#include <thread>

#include "base/limits.h"
#include "engine/engine_fixture.h"
#include "schema/embedded_text.h"

namespace datastorage {
namespace {

class RelayTest : public EngineFixture {
 protected:
  Record CreatePending(const std::string& key, const std::string& summary) {
    embedder_->FailWhere([](std::string_view) { return true; }, ErrorCode::kUnavailable);
    Record record = Create(key, summary);
    EXPECT_EQ(record.vector, VectorState::kPending);
    return record;
  }

  std::vector<PendingTally> Tallies() { return store_->TallyPending(Soon()).value(); }
};

TEST_F(RelayTest, FinishesMoreThanOneBatch) {
  for (std::size_t i = 0; i < limits::kRelayBatchCountMax + 20; ++i) {
    CreatePending("rr-" + std::to_string(i), "failure " + std::to_string(i));
  }
  embedder_->Heal();
  ASSERT_TRUE(RunRelayUntilIdle());
  EXPECT_EQ(index_->Size(), static_cast<std::int64_t>(limits::kRelayBatchCountMax + 20));
}

TEST_F(RelayTest, LetsOnePoisonedTextHoldNobodyUp) {
  CreatePending("rr-1", "poison");
  const Record good = CreatePending("rr-2", "good");
  embedder_->FailWhere([](std::string_view text) { return text == "poison"; },
                       ErrorCode::kInternal);
  ASSERT_TRUE(relay_->RunOnce().has_value());
  EXPECT_EQ(StateOf(good.id), VectorState::kSynced);
  ASSERT_EQ(Tallies().size(), 1U);
  EXPECT_EQ(Tallies()[0].count, 1);
}

TEST_F(RelayTest, ParksWhatKeepsFailingForItsOwnSakeAndResumesItAfterRelease) {
  const Record record = CreatePending("rr-1", "poison");
  embedder_->FailWhere([](std::string_view) { return true; }, ErrorCode::kInternal);
  for (int i = 0; i < 40; ++i) {
    // Makes the row due at once instead of waiting for its backoff.
    const auto rows =
        store_->LeaseDue(sets_->Live()->set.id,
                         10,
                         {.now = WallTime(std::chrono::hours(24 * 365 * 100)), .until = WallTime()},
                         Soon());
    ASSERT_TRUE(rows.has_value());
    ASSERT_TRUE(relay_->RunOnce().has_value());
  }
  ASSERT_EQ(Tallies().size(), 1U);
  EXPECT_TRUE(Tallies()[0].is_parked);
  embedder_->Heal();
  EXPECT_EQ(*store_->Release(sets_->Live()->set.id, ThreadRuntime().WallNow(), Soon()), 1);
  ASSERT_TRUE(RunRelayUntilIdle());
  EXPECT_EQ(StateOf(record.id), VectorState::kSynced);
}

TEST_F(RelayTest, BringsIntoAFullIndexWhatItHoldsAndWaitsWithTheRest) {
  index_options_.point_count_max = 1;
  Restart();
  const Record held = Create("rr-held", "disk full");
  const Record other = CreatePending("rr-other", "network down");
  embedder_->Heal();
  const std::vector<WriteOp> renew{
      EnqueuePendingOp{sets_->Live()->set.id, held.id, PendingReason::kReconcile}};
  ASSERT_TRUE(store_->Commit(renew, CommitMode::kEachForItself, Soon()).has_value());
  int round_count = 0;
  while (*relay_->RunOnce() > 0) ASSERT_LT(++round_count, 5) << "without end";
  EXPECT_EQ(StateOf(held.id), VectorState::kSynced);
  EXPECT_EQ(StateOf(other.id), VectorState::kPending);
}

TEST_F(RelayTest, FencesAnIntentPastItsLease) {
  const WallTime now = ThreadRuntime().WallNow();
  const BeginIntentOp begin{.id = SystemUuidSource().MakeVersion7(),
                            .kind = RecordKind::kRemediation,
                            .natural_key = "rr-1",
                            .content_hash = {},
                            .claim = std::nullopt,
                            .now = now,
                            .lease_until = now};
  const std::vector<WriteOp> operations{begin};
  const Stamp intent =
      store_->Commit(operations, CommitMode::kEachForItself, Soon())->front().stamp;
  EXPECT_EQ(*relay_->RunOnce(), 1);
  const std::vector<WriteOp> late{AbortIntentOp{begin.id, intent}};
  EXPECT_EQ(store_->Commit(late, CommitMode::kEachForItself, Soon())->front().status,
            WriteStatus::kFenced);
  ASSERT_TRUE(RunRelayUntilIdle());
  EXPECT_EQ(Create("rr-1", "the key is free again").version, 1);
}

TEST_F(RelayTest, StoresNoVectorOfATextThatHasChangedSince) {
  const Record record = CreatePending("rr-1", "old text");
  const auto patched = writes_->Patch(PatchFor(record, R"({"summary":"new text"})"), Soon());
  ASSERT_EQ(patched->status, ReplyStatus::kUpdated);
  const StoreEmbeddingOp late{
      record.id,
      {sets_->Space(), schema::EmbeddedTextHash("old text"), FakeEmbedder::VectorOf("old text")}};
  const std::vector<WriteOp> operations{late};
  const auto outcomes = store_->Commit(operations, CommitMode::kEachForItself, Soon());
  EXPECT_EQ(outcomes->front().status, WriteStatus::kEmbeddingSuperseded);
  embedder_->Heal();
  ASSERT_TRUE(RunRelayUntilIdle());
  const RecordRef ref = record.id;
  const auto read = store_->Read({&ref, 1}, sets_->Space(), Soon());
  ASSERT_TRUE(read->front().embedding.has_value());
  EXPECT_EQ(read->front().embedding->vector, FakeEmbedder::VectorOf("new text"));
}

TEST_F(RelayTest, BringsAnErasedRecordOutOfTheIndex) {
  const Record record = Create("rr-1", "disk full");
  std::vector<WriteOp> operations{EraseOp{
      record.id, SystemUuidSource().MakeVersion4(), ThreadRuntime().WallNow(), "me", "why"}};
  ASSERT_TRUE(store_->Commit(operations, CommitMode::kEachForItself, Soon()).has_value());
  operations = {EnqueuePendingOp{sets_->Live()->set.id, record.id, PendingReason::kReconcile}};
  ASSERT_TRUE(store_->Commit(operations, CommitMode::kEachForItself, Soon()).has_value());
  ASSERT_TRUE(RunRelayUntilIdle());
  EXPECT_EQ(index_->Size(), 0);
}

TEST_F(RelayTest, RunsByItselfWhenWoken) {
  const Record record = CreatePending("rr-1", "disk full");
  embedder_->Heal();
  relay_->Start();
  const Deadline deadline = Soon();
  while (StateOf(record.id) != VectorState::kSynced && !deadline.HasPassed()) {
    relay_->Wake();
    std::this_thread::yield();
  }
  EXPECT_EQ(StateOf(record.id), VectorState::kSynced);
}

}  // namespace
}  // namespace datastorage
