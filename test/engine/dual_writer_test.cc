#include "engine/dual_writer.h"

#include <gmock/gmock.h>

#include <thread>

#include "engine/engine_fixture.h"
#include "engine/separate_fixture.h"
#include "fake/gated_record_store.h"

namespace datastorage {
namespace {

using std::chrono::milliseconds;

class DualWriterTest : public EngineFixture {
 protected:
  Result<WriteReply> Write(const std::string& key, WriteMode mode, Deadline deadline) {
    CreateRequest request = RequestFor(ARemediation(key, "disk full on " + key));
    request.mode = mode;
    return writes_->Create(request, deadline);
  }
};

TEST_F(DualWriterTest, SaysSyncedOnlyWhenTheIndexHoldsTheRecord) {
  const Record record = Create("rr-1", "disk full");
  EXPECT_EQ(record.vector, VectorState::kSynced);
  EXPECT_EQ(index_->Size(), 1);
  const auto nearest = index_->Nearest(FakeEmbedder::VectorOf("disk full"), {}, 1, Soon());
  ASSERT_EQ(nearest->hits.size(), 1U);
  EXPECT_EQ(nearest->hits[0].id, record.id);
  EXPECT_EQ(nearest->hits[0].stamp, record.stamp);
}

TEST_F(DualWriterTest, CommitsWhenTheModelIsOverItsBudgetAndLeavesTheVectorToTheRelay) {
  embed_budget_ = milliseconds(10);
  Restart();
  embedder_->Close();
  const auto reply = Write("rr-1", WriteMode::kDefault, Soon());
  ASSERT_TRUE(reply.has_value());
  EXPECT_EQ(reply->record.vector, VectorState::kPending);
  EXPECT_EQ(reply->record.vector_reason, PendingReason::kEmbedderBusy);
  EXPECT_EQ(index_->Size(), 0);
  embedder_->Open();
  ASSERT_TRUE(RunRelayUntilIdle());
  EXPECT_EQ(index_->Size(), 1);
  EXPECT_EQ(embedder_->RunCountOf("disk full on rr-1"), 1);
}

TEST_F(DualWriterTest, FinishesAPendingRecordAfterARestart) {
  embedder_->FailWhere([](std::string_view) { return true; }, ErrorCode::kUnavailable);
  const auto reply = Write("rr-1", WriteMode::kDefault, Soon());
  ASSERT_EQ(reply->record.vector, VectorState::kPending);
  embedder_->Heal();
  Restart();
  EXPECT_EQ(StateOf(reply->record.id), VectorState::kPending);
  ASSERT_TRUE(RunRelayUntilIdle());
  EXPECT_EQ(StateOf(reply->record.id), VectorState::kSynced);
}

TEST_F(DualWriterTest, StoresNothingOfAStrictWriteWithoutItsVector) {
  embedder_->Close();
  const auto reply = Write("rr-1", WriteMode::kStrict, Deadline::In(milliseconds(300)));
  ASSERT_FALSE(reply.has_value());
  EXPECT_EQ(reply.error().code, ErrorCode::kUnavailable);
  const RecordRef ref = NaturalKey{RecordKind::kRemediation, "rr-1"};
  EXPECT_EQ(store_->Read({&ref, 1}, "", Soon())->front().status, ReadStatus::kNotFound);
  embedder_->Open();
  const auto again = Write("rr-1", WriteMode::kStrict, Soon());
  ASSERT_TRUE(again.has_value());
  EXPECT_EQ(again->record.vector, VectorState::kSynced);
}

TEST_F(DualWriterTest, StrictWaitsLongerThanTheBudgetOfADefaultWrite) {
  embed_budget_ = milliseconds(1);
  Restart();
  embedder_->Close();
  std::thread opener([&] {
    EXPECT_TRUE(embedder_->AwaitCallsInside(1));
    embedder_->Open();
  });
  const auto reply = Write("rr-1", WriteMode::kStrict, Soon());
  opener.join();
  ASSERT_TRUE(reply.has_value());
  EXPECT_EQ(reply->record.vector, VectorState::kSynced);
}

TEST_F(DualWriterTest, GivesARecordWithoutTextNoVector) {
  Remediation record = ARemediation("rr-1", "");
  record.summary.reset();
  const auto reply = writes_->Create(RequestFor(record), Soon());
  ASSERT_TRUE(reply.has_value());
  EXPECT_EQ(reply->record.vector, VectorState::kNone);
  EXPECT_TRUE(store_->TallyPending(Soon())->empty());
}

TEST_F(DualWriterTest, TakesTheVectorAwayWithTheText) {
  const Record record = Create("rr-1", "disk full");
  const auto reply = writes_->Patch(PatchFor(record, R"({"summary":null})"), Soon());
  ASSERT_EQ(reply->status, ReplyStatus::kUpdated);
  EXPECT_EQ(reply->record.vector, VectorState::kNone);
  EXPECT_EQ(index_->Size(), 0);
  EXPECT_EQ(StateOf(record.id), VectorState::kNone);
}

TEST_F(DualWriterTest, WaitsForNoVectorWhenTheTextStaysTheSame) {
  const Record record = Create("rr-1", "disk full");
  Restart();  // The cache is empty now.
  embedder_->Close();
  const auto reply = writes_->Patch(PatchFor(record, R"({"status":"success"})"), Soon());
  ASSERT_EQ(reply->status, ReplyStatus::kUpdated);
  EXPECT_EQ(reply->record.vector, VectorState::kSynced);
  EXPECT_EQ(embedder_->RunCountOf("disk full"), 1);
}

TEST_F(DualWriterTest, LeavesToTheRelayWhatAFullIndexRefused) {
  index_options_.point_count_max = 1;
  Restart();
  const Record first = Create("rr-1", "disk full");
  const Record second = Create("rr-2", "disk full too");
  EXPECT_EQ(first.vector, VectorState::kSynced);
  EXPECT_EQ(second.vector, VectorState::kPending);
  EXPECT_EQ(second.vector_reason, PendingReason::kVectorStoreUnavailable);
  EXPECT_EQ(StateOf(second.id), VectorState::kPending);
}

TEST_F(DualWriterTest, GoesOnWithWhatAFullIndexHoldsHoweverOftenItRefusesMore) {
  index_options_.point_count_max = 1;
  Restart();
  Record held = Create("rr-held", "disk full");
  for (int i = 0; i < 20; ++i) {
    const std::string n = std::to_string(i);
    EXPECT_EQ(Create("rr-" + n, "network down " + n).vector, VectorState::kPending);
  }
  const auto patched = writes_->Patch(PatchFor(held, R"({"summary":"disk full again"})"), Soon());
  ASSERT_EQ(patched->status, ReplyStatus::kUpdated);
  EXPECT_EQ(patched->record.vector, VectorState::kSynced);
  const auto nearest = index_->Nearest(FakeEmbedder::VectorOf("disk full again"), {}, 1, Soon());
  EXPECT_EQ(nearest->hits.front().stamp, patched->record.stamp);
  SemanticLeg leg(ThreadRuntime(), *store_, *sets_, metrics_);
  SemanticQuery query;
  query.vector = FakeEmbedder::VectorOf("disk full again");
  query.count = 1;
  EXPECT_TRUE(leg.Nearest(query, Soon())->used_index);
}

// Slots are for what may hang: an index in this process holds none of the model's.
TEST_F(DualWriterTest, WaitsForTheModelWhileAnUpdateIsBroughtIntoTheIndex) {
  const Record record = Create("rr-1", "disk full");
  SwitchedVectorIndex index(Placement::kInProcess);
  VectorSets sets(ThreadRuntime(), *store_, {{"scan", &index}}, embedding_->Space());
  ASSERT_TRUE(sets.Open(Soon()).has_value());
  DualWriter writer(
      ThreadRuntime(), *store_, sets, embedding_.get(), *settler_, metrics_, {.wait_count_max = 1});
  WriteService writes(ThreadRuntime(), *store_, writer, SystemUuidSource(), metrics_);
  embedder_->Close();
  std::jthread opener([&] {
    EXPECT_TRUE(embedder_->AwaitCallsInside(1));
    embedder_->Open();
  });
  std::optional<WriteReply> meanwhile;
  index.before_apply = [&] {
    index.before_apply = nullptr;
    meanwhile = writes.Create(RequestFor(ARemediation("rr-2", "network down")), Soon()).value();
  };
  ASSERT_TRUE(writes.Patch(PatchFor(record, R"({"status":"success"})"), Soon()).has_value());
  ASSERT_TRUE(meanwhile.has_value());
  EXPECT_EQ(meanwhile->record.vector, VectorState::kSynced);
}

TEST_F(DualWriterTest, RefusesOfASpanOfStrictWritesOnlyThoseWithoutTheirVector) {
  embedder_->FailWhere([](std::string_view text) { return text == "poison"; },
                       ErrorCode::kInternal);
  std::vector<CreateRequest> requests{RequestFor(ARemediation("rr-1", "disk full")),
                                      RequestFor(ARemediation("rr-2", "poison")),
                                      RequestFor(ARemediation("rr-3", "network down"))};
  for (CreateRequest& request : requests) request.mode = WriteMode::kStrict;
  const auto each = writes_->CreateEach(requests, Soon());
  ASSERT_TRUE(each[0].has_value() && each[2].has_value());
  EXPECT_EQ(each[0]->record.vector, VectorState::kSynced);
  EXPECT_EQ(each[2]->record.vector, VectorState::kSynced);
  ASSERT_FALSE(each[1].has_value());
  EXPECT_EQ(each[1].error().code, ErrorCode::kUnavailable);
  const RecordRef refused = NaturalKey{RecordKind::kRemediation, "rr-2"};
  EXPECT_EQ(store_->Read({&refused, 1}, "", Soon())->front().status, ReadStatus::kNotFound);
}

// The engine over a gated store: commits run when the test says so.
class GatedDualWriterTest : public DualWriterTest {
 protected:
  GatedDualWriterTest() {
    writer_ = std::make_unique<DualWriter>(ThreadRuntime(),
                                           gated_,
                                           *sets_,
                                           embedding_.get(),
                                           *settler_,
                                           metrics_,
                                           DualWriter::Options{});
    writes_ = std::make_unique<WriteService>(
        ThreadRuntime(), gated_, *writer_, SystemUuidSource(), metrics_);
  }
  ~GatedDualWriterTest() override {
    gated_.Open();
    writes_.reset();
    writer_.reset();
  }

  // Until the commits that their callers gave up on are in the store.
  bool AwaitCommitted(const RecordRef& ref, std::int64_t version) {
    const Deadline deadline = Soon();
    while (!deadline.HasPassed()) {
      const auto read = store_->Read({&ref, 1}, "", Soon());
      if (read->front().record.version == version) return true;
      std::this_thread::yield();
    }
    return false;
  }

  GatedRecordStore gated_{*store_};
};

TEST_F(GatedDualWriterTest, FindsByMeaningAWriteWhoseCallerGaveUpInTheMidstOfTheCommit) {
  gated_.Close();
  const auto reply = Write("rr-1", WriteMode::kDefault, Deadline::In(milliseconds(500)));
  ASSERT_FALSE(reply.has_value());
  EXPECT_EQ(reply.error().code, ErrorCode::kOutcomeUnknown);
  // Too early for the relay to know what the commit will bring.
  ASSERT_TRUE(relay_->RunOnce().has_value());
  gated_.Open();
  const RecordRef ref = NaturalKey{RecordKind::kRemediation, "rr-1"};
  ASSERT_TRUE(AwaitCommitted(ref, 1));
  EXPECT_EQ(index_->Size(), 0);
  EXPECT_EQ(Search("disk full on rr-1", SearchMode::kSemantic).hits.size(), 1U);

  const Deadline deadline = Soon();
  while (!sets_->unapplied().Ids().empty() && !deadline.HasPassed()) {
    ASSERT_TRUE(relay_->RunOnce().has_value());
  }
  EXPECT_EQ(index_->Size(), 1);
  EXPECT_EQ(Search("disk full on rr-1", SearchMode::kSemantic).hits.size(), 1U);
}

TEST_F(GatedDualWriterTest, FindsByMeaningAnUpdateWhoseCallerGaveUpInTheMidstOfTheCommit) {
  const Record record = Create("rr-1", "disk full");
  gated_.Close();
  const auto reply = writes_->Patch(PatchFor(record, R"({"summary":"network down"})"),
                                    Deadline::In(milliseconds(500)));
  ASSERT_FALSE(reply.has_value());
  EXPECT_EQ(reply.error().code, ErrorCode::kOutcomeUnknown);
  // Too early for the relay to know what the commit will bring.
  ASSERT_TRUE(relay_->RunOnce().has_value());
  gated_.Open();
  ASSERT_TRUE(AwaitCommitted(record.id, 2));
  EXPECT_NEAR(*Search("network down", SearchMode::kSemantic).hits.front().similarity, 1.0, 0.001);

  const Deadline deadline = Soon();
  while (!sets_->unapplied().Ids().empty() && !deadline.HasPassed()) {
    ASSERT_TRUE(relay_->RunOnce().has_value());
  }
  const auto nearest = index_->Nearest(FakeEmbedder::VectorOf("network down"), {}, 1, Soon());
  EXPECT_NEAR(nearest->hits.front().score, 1.0F, 0.02F);
}

}  // namespace
}  // namespace datastorage
