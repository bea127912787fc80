#include "engine/group_committer.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <atomic>
#include <thread>

#include "base/limits.h"
#include "engine/engine_fixture.h"
#include "fake/gated_record_store.h"

namespace datastorage {
namespace {

using std::chrono::milliseconds;
using testing::ElementsAre;

class GroupCommitterTest : public EngineFixture {
 protected:
  ~GroupCommitterTest() override { gate_.Open(); }

  static CreateOp Op(const std::string& key) {
    CreateOp op;
    op.id = SystemUuidSource().MakeVersion7();
    op.attempt = SystemUuidSource().MakeVersion4();
    op.body = ARemediation(key, "disk full");
    op.content_hash = Sha256Of({key});
    op.now = ThreadRuntime().WallNow();
    return op;
  }
  Result<WriteOutcome> CommitOne(const std::string& key, Deadline deadline) {
    std::vector<WriteOp> operations{Op(key)};
    return committer_.CommitEach(std::move(operations), nullptr, deadline).front();
  }

  GatedRecordStore gate_{*store_};
  GroupCommitter committer_{ThreadRuntime(), gate_, metrics_};
};

TEST_F(GroupCommitterTest, CommitsTogetherWhatGatheredWhileTheLastTransactionRan) {
  gate_.Close();
  std::jthread first([&] { EXPECT_TRUE(CommitOne("first", Soon()).has_value()); });
  ASSERT_TRUE(gate_.AwaitCommitInside());
  std::vector<std::jthread> others;
  for (int i = 0; i < 8; ++i) {
    others.emplace_back(
        [&, i] { EXPECT_TRUE(CommitOne("rr-" + std::to_string(i), Soon()).has_value()); });
  }
  // All eight wait in the queue before the gate opens: one that comes with no time left must wait
  // behind them, and says so.
  const Deadline deadline = Soon();
  while (metrics_.Render().find("datastorage_commit_queue_length 8") == std::string::npos) {
    ASSERT_FALSE(deadline.HasPassed()) << metrics_.Render();
    std::this_thread::yield();
  }
  gate_.Open();
  first.join();
  for (std::jthread& other : others) other.join();
  EXPECT_THAT(gate_.SpanSizes(), ElementsAre(1, 8));
}

TEST_F(GroupCommitterTest, AnswersDeadlineExceededForWhatWasNeverTaken) {
  gate_.Close();
  std::jthread first([&] { EXPECT_TRUE(CommitOne("first", Soon()).has_value()); });
  ASSERT_TRUE(gate_.AwaitCommitInside());
  const auto late = CommitOne("late", Deadline::In(milliseconds(10)));
  EXPECT_EQ(late.error().code, ErrorCode::kDeadlineExceeded);
  gate_.Open();
  first.join();
  ASSERT_TRUE(CommitOne("after", Soon()).has_value());
  const RecordRef ref = NaturalKey{RecordKind::kRemediation, "late"};
  EXPECT_EQ(store_->Read({&ref, 1}, "", Soon())->front().status, ReadStatus::kNotFound);
}

TEST_F(GroupCommitterTest, LetsGoOfWhatWasGivenUpWithoutAnotherWriteComing) {
  gate_.Close();
  std::jthread first([&] { EXPECT_TRUE(CommitOne("first", Soon()).has_value()); });
  ASSERT_TRUE(gate_.AwaitCommitInside());
  auto held = std::make_shared<int>();
  const std::weak_ptr<int> seen = held;
  std::vector<WriteOp> operations{Op("late")};
  const auto late = committer_.CommitEach(
      std::move(operations), std::exchange(held, nullptr), Deadline::In(milliseconds(10)));
  ASSERT_EQ(late.front().error().code, ErrorCode::kDeadlineExceeded);
  EXPECT_FALSE(seen.expired());  // It is still in the queue.
  gate_.Open();
  first.join();
  const Deadline deadline = Soon();
  while (!seen.expired() && !deadline.HasPassed()) std::this_thread::yield();
  EXPECT_TRUE(seen.expired());
}

TEST_F(GroupCommitterTest, AnswersOutcomeUnknownForWhatIsBeingCommitted) {
  gate_.Close();
  const auto unknown = CommitOne("slow", Deadline::In(milliseconds(500)));
  EXPECT_EQ(unknown.error().code, ErrorCode::kOutcomeUnknown);
  gate_.Open();
  ASSERT_TRUE(CommitOne("after", Soon()).has_value());
  const RecordRef ref = NaturalKey{RecordKind::kRemediation, "slow"};
  EXPECT_EQ(store_->Read({&ref, 1}, "", Soon())->front().status, ReadStatus::kFound);
}

TEST_F(GroupCommitterTest, SplitsAFailingBatchSoThatOnlyTheBadOneFails) {
  gate_.FailCommits([](std::span<const WriteOp> operations) -> std::optional<Error> {
    for (const WriteOp& operation : operations) {
      if (NaturalKeyOf(std::get<CreateOp>(operation).body) == "bad") return Internal("it is bad");
    }
    return std::nullopt;
  });
  std::vector<WriteOp> operations;
  for (const char* key : {"a", "b", "bad", "c", "d"}) operations.emplace_back(Op(key));
  const auto results = committer_.CommitEach(std::move(operations), nullptr, Soon());
  std::vector<bool> has_succeeded;
  for (const auto& result : results) has_succeeded.push_back(result.has_value());
  EXPECT_THAT(has_succeeded, ElementsAre(true, true, false, true, true));
}

TEST_F(GroupCommitterTest, DoesNotSplitWhenTheStoreAsAWholeIsDown) {
  gate_.FailCommits([](std::span<const WriteOp>) { return Unavailable("it is down"); });
  std::vector<WriteOp> operations{Op("a"), Op("b")};
  const auto results = committer_.CommitEach(std::move(operations), nullptr, Soon());
  EXPECT_EQ(results[0].error().code, ErrorCode::kUnavailable);
  EXPECT_THAT(gate_.SpanSizes(), ElementsAre(2));
}

TEST_F(GroupCommitterTest, RefusesWhatTheQueueCannotHold) {
  gate_.Close();
  std::jthread first([&] { EXPECT_TRUE(CommitOne("first", Soon()).has_value()); });
  ASSERT_TRUE(gate_.AwaitCommitInside());
  std::vector<WriteOp> operations;
  for (std::size_t i = 0; i <= limits::kCommitQueueCountMax; ++i) {
    operations.emplace_back(Op("rr-" + std::to_string(i)));
  }
  const auto results = committer_.CommitEach(std::move(operations), nullptr, Soon());
  EXPECT_EQ(results.front().error().code, ErrorCode::kResourceExhausted);
  gate_.Open();
  first.join();
}

TEST_F(GroupCommitterTest, PutsTwoUpdatesOfOneRecordIntoDifferentTransactions) {
  const Record record = Create("rr-1", "disk full");
  gate_.Close();
  std::jthread first([&] { EXPECT_TRUE(CommitOne("first", Soon()).has_value()); });
  ASSERT_TRUE(gate_.AwaitCommitInside());
  std::jthread updates([&] {
    std::vector<WriteOp> operations;
    for (std::int64_t version = 1; version <= 2; ++version) {
      UpdateOp update;
      update.id = record.id;
      update.expected_version = version;
      update.body = record.body;
      update.now = ThreadRuntime().WallNow();
      operations.emplace_back(std::move(update));
    }
    const auto results = committer_.CommitEach(std::move(operations), nullptr, Soon());
    EXPECT_EQ(results[0]->status, WriteStatus::kUpdated);
    EXPECT_EQ(results[1]->status, WriteStatus::kUpdated);
    EXPECT_EQ(results[1]->version, 3);
  });
  gate_.Open();
  first.join();
  updates.join();
  EXPECT_THAT(gate_.SpanSizes(), ElementsAre(1, 1, 1));
}

// A store in which another transaction holds the row of a record until the test lets it go.
class BlockedRow : public GroupCommitterTest {
 protected:
  BlockedRow() {
    gate_.FailCommits([this](std::span<const WriteOp> operations) -> std::optional<Error> {
      const auto is_blocked = [this](const WriteOp& operation) {
        return std::visit([](const auto& op) { return op.id; }, operation) == blocked_.id;
      };
      if (!is_held_ || std::none_of(operations.begin(), operations.end(), is_blocked)) return {};
      ++refused_count_;
      return Conflict("another transaction holds it");
    });
  }
  ~BlockedRow() override { gate_.FailCommits({}); }

  std::vector<Result<WriteOutcome>> Commit(std::vector<WriteOp> operations, Deadline deadline) {
    return committer_.CommitEach(std::move(operations), nullptr, deadline);
  }

  const CreateOp blocked_ = Op("blocked");
  std::atomic<bool> is_held_ = true;
  std::atomic<int> refused_count_ = 0;
};

TEST_F(BlockedRow, WaitsAloneUntilItIsLetGo) {
  std::atomic<bool> is_decided = false;
  std::jthread waiting([&] {
    EXPECT_EQ(Commit({blocked_}, Soon()).front().value().status, WriteStatus::kCreated);
    is_decided = true;
  });
  while (refused_count_ == 0) std::this_thread::yield();
  for (int i = 0; i < 20; ++i) {
    EXPECT_TRUE(CommitOne("rr-" + std::to_string(i), Soon()).has_value());
  }
  EXPECT_FALSE(is_decided);
  is_held_ = false;
}

TEST_F(BlockedRow, FailsNobodyInItsBatch) {
  std::jthread waiting([&] {
    std::vector<WriteOp> operations;
    for (const char* key : {"a", "b"}) operations.emplace_back(Op(key));
    operations.emplace_back(blocked_);
    for (const char* key : {"c", "d"}) operations.emplace_back(Op(key));
    for (const auto& result : Commit(std::move(operations), Soon())) {
      EXPECT_EQ(result.value().status, WriteStatus::kCreated);
    }
  });
  const RecordRef last = NaturalKey{RecordKind::kRemediation, "d"};
  const Deadline deadline = Soon();
  while (store_->Read({&last, 1}, "", Soon())->front().status != ReadStatus::kFound) {
    ASSERT_FALSE(deadline.HasPassed());
  }
  is_held_ = false;
}

TEST_F(BlockedRow, IsNotOvertakenByALaterWriteOfItsRecord) {
  std::jthread waiting([&] {
    UpdateOp update;
    update.id = blocked_.id;
    update.attempt = SystemUuidSource().MakeVersion4();
    update.expected_version = 1;
    update.body = blocked_.body;
    update.now = blocked_.now;
    UpdateOp again = update;
    again.attempt = SystemUuidSource().MakeVersion4();
    again.expected_version = 2;
    const auto results = Commit({blocked_, update, again}, Soon());
    EXPECT_EQ(results[0].value().status, WriteStatus::kCreated);
    EXPECT_EQ(results[1].value().status, WriteStatus::kUpdated);
    EXPECT_EQ(results[2].value().version, 3);
  });
  while (refused_count_ < 3) std::this_thread::yield();
  is_held_ = false;
}

TEST_F(BlockedRow, IsGivenUpWhileItIsCertainThatNothingWasChanged) {
  const auto refused = Commit({blocked_}, Deadline::In(milliseconds(400))).front();
  EXPECT_EQ(refused.error().code, ErrorCode::kUnavailable);
  is_held_ = false;
  EXPECT_TRUE(CommitOne("after", Soon()).has_value());
  const RecordRef ref = NaturalKey{RecordKind::kRemediation, "blocked"};
  EXPECT_EQ(store_->Read({&ref, 1}, "", Soon())->front().status, ReadStatus::kNotFound);
}

TEST_F(BlockedRow, FillsNoQueueThatOthersNeed) {
  std::vector<WriteOp> operations(GroupCommitter::kBlockedCountMax + 10, blocked_);
  const auto results = Commit(std::move(operations), Deadline::In(milliseconds(1'000)));
  EXPECT_TRUE(std::all_of(results.begin(), results.end(), [](const auto& result) {
    return !result.has_value() && result.error().code != ErrorCode::kResourceExhausted;
  }));
  EXPECT_TRUE(CommitOne("after", Soon()).has_value());
}

}  // namespace
}  // namespace datastorage
