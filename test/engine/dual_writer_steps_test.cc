// DualWriter and Relay with the vector index on another server (docs/dual-write.md).
#include <gmock/gmock.h>

#include <algorithm>
#include <thread>

#include "engine/separate_fixture.h"

namespace datastorage {
namespace {

using testing::IsEmpty;
using testing::SizeIs;

class SeparateTest : public SeparateFixture {
 protected:
  ~SeparateTest() override {
    gated_.Open();
    writes_.reset();
    writer_.reset();
  }
};

TEST_F(SeparateTest, LeavesARowUntilTheIndexShowsADefaultWrite) {
  const Record record = Create("rr-1", "disk full");
  EXPECT_EQ(record.vector, VectorState::kSynced);
  ASSERT_TRUE(PointOf(record.id).has_value());
  EXPECT_EQ(PointOf(record.id)->stamp, record.stamp);
  EXPECT_THAT(Pending(), SizeIs(1));
  ASSERT_TRUE(settler_->RunOnce().has_value());
  EXPECT_THAT(Pending(), IsEmpty());
  EXPECT_EQ(StateOf(record.id), VectorState::kSynced);
}

TEST_F(SeparateTest, CommitsADefaultWriteWhileTheIndexIsDownAndFindsItByMeaning) {
  remote_.is_down = true;
  const Record record = Create("rr-1", "disk full");
  EXPECT_EQ(record.vector, VectorState::kPending);
  EXPECT_EQ(record.vector_reason, PendingReason::kVectorStoreUnavailable);
  const SearchReply reply = Search("disk full", SearchMode::kSemantic);
  EXPECT_THAT(IdsOf(reply), testing::ElementsAre(record.id));
  remote_.is_down = false;
  ASSERT_TRUE(RunRelayUntilIdle());
  EXPECT_EQ(PointOf(record.id)->stamp, record.stamp);
  EXPECT_EQ(StateOf(record.id), VectorState::kSynced);
}

TEST_F(SeparateTest, FindsByMeaningWhatOnlyAPendingRowStandsFor) {
  remote_.is_down = true;
  const Record record = Create("rr-1", "disk full");
  remote_.is_down = false;  // The index answers, and does not hold the record.
  const SearchReply reply = Search("disk full", SearchMode::kSemantic);
  EXPECT_THAT(IdsOf(reply), testing::ElementsAre(record.id));
  EXPECT_THAT(reply.degraded, IsEmpty());
}

TEST_F(SeparateTest, StoresBothOfAStrictCreation) {
  const auto reply = CreateStrictly("rr-1");
  ASSERT_TRUE(reply.has_value()) << reply.error().message;
  ASSERT_EQ(reply->status, ReplyStatus::kCreated);
  EXPECT_EQ(reply->record.vector, VectorState::kSynced);
  EXPECT_EQ(PointOf(reply->record.id)->stamp, reply->record.stamp);
  ASSERT_TRUE(settler_->RunOnce().has_value());
  EXPECT_THAT(Pending(), IsEmpty());
}

TEST_F(SeparateTest, StoresNeitherOfAStrictCreationWhenTheIndexIsDown) {
  remote_.is_down = true;
  const auto reply = CreateStrictly("rr-1");
  ASSERT_FALSE(reply.has_value());
  EXPECT_EQ(reply.error().code, ErrorCode::kUnavailable);
  EXPECT_FALSE(IsStored("rr-1"));
  remote_.is_down = false;
  ASSERT_TRUE(RunRelayUntilIdle());
  EXPECT_EQ(remote_.inner.Size(), 0);
  // The key is free again.
  EXPECT_EQ(CreateStrictly("rr-1")->status, ReplyStatus::kCreated);
}

TEST_F(SeparateTest, LeavesATombstoneOverTheVectorOfAStrictCreationThatWasFenced) {
  // While V is under way, a relay takes the intent for abandoned.
  std::vector<PendingId> intents;
  remote_.before_apply = [&] {
    remote_.before_apply = nullptr;
    intents = Pending();
    const std::vector<WriteOp> abort{AbortIntentOp{intents[0].id, intents[0].stamp}};
    ASSERT_TRUE(store_->Commit(abort, CommitMode::kEachForItself, Soon()).has_value());
  };
  const auto reply = CreateStrictly("rr-1");
  ASSERT_FALSE(reply.has_value());
  EXPECT_EQ(reply.error().code, ErrorCode::kUnavailable);
  EXPECT_FALSE(IsStored("rr-1"));
  ASSERT_THAT(intents, SizeIs(1));
  EXPECT_TRUE(PointOf(intents[0].id)->embedding.has_value());
  ASSERT_TRUE(RunRelayUntilIdle());
  EXPECT_FALSE(PointOf(intents[0].id)->embedding.has_value());
  EXPECT_GT(PointOf(intents[0].id)->stamp, intents[0].stamp);
}

TEST_F(SeparateTest, RefusesOfASpanOfStrictCreationsOnlyWhatFailed) {
  embedder_->FailWhere([](std::string_view text) { return text == "disk full on rr-2"; },
                       ErrorCode::kInternal);
  std::vector<CreateRequest> requests;
  for (const std::string key : {"rr-1", "rr-2", "rr-3"}) {
    requests.push_back(RequestFor(ARemediation(key, "disk full on " + key)));
    requests.back().mode = WriteMode::kStrict;
  }
  const auto each = writes_->CreateEach(requests, Soon());
  EXPECT_TRUE(each[0].has_value() && each[2].has_value());
  EXPECT_FALSE(each[1].has_value());
  EXPECT_FALSE(IsStored("rr-2"));
  requests[1] = RequestFor(ARemediation("rr-1", "another text"));
  requests[1].mode = WriteMode::kStrict;
  requests[0] = RequestFor(ARemediation("rr-4", "disk full on rr-4"));
  requests[0].mode = WriteMode::kStrict;
  requests.pop_back();
  const auto all = writes_->CreateAll(requests, Soon());
  ASSERT_TRUE(all.has_value());
  EXPECT_EQ((*all)[0].status, ReplyStatus::kNotAttempted);
  EXPECT_EQ((*all)[1].status, ReplyStatus::kConflict);
  EXPECT_FALSE(IsStored("rr-4"));
}

TEST_F(SeparateTest, AnswersAStrictCreationOfAKnownKeyAsTheNaturalKeyRuleSays) {
  Create("rr-1", "disk full on rr-1");
  EXPECT_EQ(CreateStrictly("rr-1")->status, ReplyStatus::kExisting);
}

TEST_F(SeparateTest, GoesOnWithAStrictCreationWhoseIntentWasNotAnswered) {
  std::atomic<int> lost_count = 0;
  gated_.LoseAnswers([&](std::span<const WriteOp> operations) {
    return std::holds_alternative<BeginIntentOp>(operations[0]) && lost_count++ == 0;
  });
  for (const bool has_claim : {false, true}) {
    const std::string key = has_claim ? "rr-claimed" : "rr-plain";
    CreateRequest request = RequestFor(ARemediation(key, "disk full"));
    request.mode = WriteMode::kStrict;
    if (has_claim) request.claim = IdempotencyClaim{"key-1", Sha256Of({"request"})};
    lost_count = 0;
    const auto reply = writes_->Create(request, Soon());
    ASSERT_TRUE(reply.has_value()) << reply.error().message;
    EXPECT_EQ(reply->status, ReplyStatus::kCreated);
    EXPECT_EQ(lost_count, 2);  // The intent was begun twice.
    EXPECT_EQ(PointOf(reply->record.id)->stamp, reply->record.stamp);
  }
}

TEST_F(SeparateTest, KeepsAStrictSpanTogetherWhoseIntentsWereNotAnswered) {
  Create("rr-old", "disk full on rr-old");
  std::atomic<int> lost_count = 0;
  gated_.LoseAnswers([&](std::span<const WriteOp> operations) {
    return std::holds_alternative<BeginIntentOp>(operations[0]) && lost_count++ == 0;
  });
  std::vector<CreateRequest> requests;
  for (const std::string key : {"rr-new", "rr-old"}) {
    requests.push_back(RequestFor(ARemediation(key, "disk full on " + key)));
    requests.back().mode = WriteMode::kStrict;
  }
  const auto all = writes_->CreateAll(requests, Soon());
  ASSERT_TRUE(all.has_value());
  EXPECT_EQ(lost_count, 2);
  EXPECT_EQ((*all)[0].status, ReplyStatus::kCreated);
  EXPECT_EQ((*all)[1].status, ReplyStatus::kExisting);
  EXPECT_TRUE(IsStored("rr-new"));
}

TEST_F(SeparateTest, SendsWhatAnUpdateMadeOfTheRecord) {
  const Record record = Create("rr-1", "disk full");
  const auto patched = writes_->Patch(PatchFor(record, R"({"summary":"network down"})"), Soon());
  ASSERT_EQ(patched->status, ReplyStatus::kUpdated);
  EXPECT_EQ(patched->record.vector, VectorState::kSynced);
  EXPECT_EQ(PointOf(record.id)->stamp, patched->record.stamp);
  EXPECT_EQ(PointOf(record.id)->embedding, FakeEmbedder::VectorOf("network down"));
  ASSERT_TRUE(settler_->RunOnce().has_value());
  EXPECT_THAT(Pending(), IsEmpty());
}

TEST_F(SeparateTest, SaysWhyAnUpdateIsPendingWhoseEmbeddingIsThere) {
  const Record record = Create("rr-1", "disk full");
  remote_.is_down = true;
  const auto renamed = writes_->Patch(PatchFor(record, R"({"status":"success"})"), Soon());
  EXPECT_EQ(renamed->record.vector, VectorState::kPending);
  EXPECT_EQ(renamed->record.vector_reason, PendingReason::kVectorStoreUnavailable);
  embedder_->FailWhere([](std::string_view) { return true; }, ErrorCode::kUnavailable);
  const auto bare =
      writes_->Patch(PatchFor(renamed->record, R"({"summary":"network down"})"), Soon());
  EXPECT_EQ(bare->record.vector_reason, PendingReason::kEmbedderUnavailable);
  // What the version before lacked is no reason of this one's.
  embedder_->Heal();
  const auto whole =
      writes_->Patch(PatchFor(bare->record, R"({"summary":"network gone"})"), Soon());
  EXPECT_EQ(whole->record.vector, VectorState::kPending);
  EXPECT_EQ(whole->record.vector_reason, PendingReason::kVectorStoreUnavailable);
  EXPECT_THAT(metrics_.Render(), testing::Not(testing::HasSubstr(NameOf(PendingReason::kNotYet))));
}

// One request waits for the index; the other, of a record whose embedding is stored, goes on.
TEST_F(SeparateTest, AnswersAnUpdateAtOnceWhenNoSlotIsFree) {
  const Record first = Create("rr-1", "disk full");
  const Record second = Create("rr-2", "network down");
  DualWriter writer(ThreadRuntime(),
                    *store_,
                    *sets_,
                    embedding_.get(),
                    *settler_,
                    metrics_,
                    {.wait_count_max = 1});
  WriteService writes(ThreadRuntime(), *store_, writer, SystemUuidSource(), metrics_);
  std::optional<WriteReply> inner;
  remote_.before_apply = [&] {
    remote_.before_apply = nullptr;
    inner = writes.Patch(PatchFor(second, R"({"status":"success"})"), Soon()).value();
  };
  const auto outer = writes.Patch(PatchFor(first, R"({"status":"success"})"), Soon());
  EXPECT_EQ(outer->record.vector, VectorState::kSynced);
  ASSERT_TRUE(inner.has_value());
  EXPECT_EQ(inner->record.vector, VectorState::kPending);
  EXPECT_EQ(inner->record.vector_reason, PendingReason::kVectorStoreBusy);
}

// One request waits for the index until a strict creation waits for its slot.
TEST_F(SeparateTest, LetsAStrictCreationWaitForASlot) {
  DualWriter writer(ThreadRuntime(),
                    *store_,
                    *sets_,
                    embedding_.get(),
                    *settler_,
                    metrics_,
                    {.index_budget = std::chrono::seconds(30), .wait_count_max = 1});
  WriteService writes(ThreadRuntime(), *store_, writer, SystemUuidSource(), metrics_);
  std::thread strict;
  std::optional<Result<WriteReply>> reply;
  remote_.before_apply = [&] {
    remote_.before_apply = nullptr;
    strict = std::thread([&] {
      CreateRequest request = RequestFor(ARemediation("rr-strict", "disk full"));
      request.mode = WriteMode::kStrict;
      reply = writes.Create(request, Soon());
    });
    // Its embedding, of the same text, is in the cache; its intent is the second row.
    const Deadline deadline = Soon();
    while (Pending().size() < 2 && !deadline.HasPassed()) std::this_thread::yield();
    for (int i = 0; i < 100; ++i) Pending();  // Lets it come to the slot; it passes without, too.
  };
  ASSERT_TRUE(writes.Create(RequestFor(ARemediation("rr-1", "disk full")), Soon()).has_value());
  strict.join();
  ASSERT_TRUE(reply->has_value()) << reply->error().message;
  EXPECT_EQ((*reply)->record.vector, VectorState::kSynced);
}

TEST_F(SeparateTest, LeavesATombstoneOfAnErasedRecord) {
  const Record record = Create("rr-1", "disk full");
  ASSERT_TRUE(settler_->RunOnce().has_value());
  const EraseOp erase{
      record.id, SystemUuidSource().MakeVersion4(), ThreadRuntime().WallNow(), "me", "why"};
  const auto erased = writer_->Erase(erase, Soon());
  ASSERT_EQ(erased->outcome.status, WriteStatus::kErasedNow);
  EXPECT_FALSE(PointOf(record.id)->embedding.has_value());
  EXPECT_EQ(PointOf(record.id)->stamp, erased->outcome.stamp);
  ASSERT_TRUE(settler_->RunOnce().has_value());
  EXPECT_THAT(Pending(), IsEmpty());
}

TEST_F(SeparateTest, SaysThatTheIndexIsNotAvailableHoweverItFailedTheRelay) {
  remote_.is_down = true;
  const Record record = Create("rr-1", "disk full");
  const RecordRef ref = record.id;
  for (const ErrorCode code : {ErrorCode::kUnavailable,
                               ErrorCode::kDeadlineExceeded,
                               ErrorCode::kResourceExhausted,
                               ErrorCode::kInternal}) {
    remote_.down_code = code;
    ASSERT_EQ(*relay_->RunOnce(), 1) << NameOf(code);
    EXPECT_EQ(store_->Read({&ref, 1}, "", Soon())->front().record.vector_reason,
              PendingReason::kVectorStoreUnavailable)
        << NameOf(code);
  }
}

TEST_F(SeparateTest, LetsOnePoisonedVectorHoldNobodyUp) {
  remote_.is_down = true;
  std::vector<Record> records;
  for (int i = 0; i < 9; ++i) records.push_back(Create("rr-" + std::to_string(i), "disk full"));
  remote_.is_down = false;
  remote_.poison = records[4].id;
  sets_->Live()->breaker->Succeeded();
  ASSERT_TRUE(relay_->RunOnce().has_value());
  for (const Record& record : records) {
    EXPECT_EQ(StateOf(record.id) == VectorState::kPending, record.id == records[4].id);
  }
}

// However deep the halving goes until the poison is alone, the index answers each time.
TEST_F(SeparateTest, TakesNoPoisonedVectorForAnIndexThatFails) {
  remote_.is_down = true;
  std::vector<Record> records;
  for (int i = 0; i < 100; ++i) records.push_back(Create("rr-" + std::to_string(i), "disk full"));
  remote_.is_down = false;
  remote_.poison = records[0].id;
  sets_->Live()->breaker->Succeeded();
  ASSERT_TRUE(relay_->RunOnce().has_value());
  EXPECT_THAT(Pending(), SizeIs(1));
  EXPECT_EQ(sets_->Live()->breaker->state(), CircuitBreaker::State::kClosed);
}

TEST_F(SeparateTest, AsksAnIndexThatIsDownNoMoreThanItsBreakerAllows) {
  remote_.is_down = true;
  for (int i = 0; i < 40; ++i) Create("rr-" + std::to_string(i), "disk full");
  EXPECT_LT(remote_.apply_count, 10);
}

// What a writer that died has begun keeps its keys from others until then.
TEST_F(SeparateTest, LeasesAnIntentForSomeSecondsAndNotMuchLongerThanItsCallerWaits) {
  std::vector<Duration> leases;
  gated_.FailCommits([&](std::span<const WriteOp> operations) -> std::optional<Error> {
    for (const WriteOp& operation : operations) {
      const auto* const begin = std::get_if<BeginIntentOp>(&operation);
      if (begin != nullptr) leases.push_back(begin->lease_until - begin->now);
    }
    return std::nullopt;
  });
  ASSERT_TRUE(CreateStrictly("rr-1", Deadline::In(std::chrono::minutes(1))).has_value());
  ASSERT_TRUE(CreateStrictly("rr-2", Deadline::In(std::chrono::seconds(4))).has_value());
  ASSERT_EQ(leases.size(), 2U);
  EXPECT_EQ(leases[0], DualWriter::Options{}.intent_lease);
  EXPECT_LE(leases[0], std::chrono::seconds(10));
  EXPECT_LE(leases[1], std::chrono::seconds(5));
}

}  // namespace
}  // namespace datastorage
