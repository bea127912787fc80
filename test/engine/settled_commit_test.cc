#include "engine/settled_commit.h"

#include <gmock/gmock.h>

#include "base/uuid.h"
#include "engine/engine_fixture.h"
#include "fake/fake_record_store.h"
#include "fake/lossy_record_store.h"
#include "support/manual_runtime.h"

namespace datastorage {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::ElementsAre;

// A store whose answers get lost: whether its commits had effect is what the test says. What it
// wraps has another clock, so it gets no deadline.
class ScriptedRecordStore final : public LossyRecordStore {
 public:
  enum class Answer : std::uint8_t { kGiven, kLostBefore, kLostAfter };

  ScriptedRecordStore(RecordStore& inner, std::vector<Answer> answers)
      : LossyRecordStore(inner), answers_(std::move(answers)) {}

  Result<std::vector<WriteOutcome>> Commit(std::span<const WriteOp> operations,
                                           CommitMode mode,
                                           Deadline /*deadline*/) override {
    const std::size_t turn = SpanSizes().size();
    const Answer answer = turn < answers_.size() ? answers_[turn] : Answer::kGiven;
    FailCommits([&](auto) -> std::optional<Error> {
      if (answer != Answer::kLostBefore) return std::nullopt;
      return OutcomeUnknown("the answer was lost");
    });
    LoseAnswers([&](auto) { return answer == Answer::kLostAfter; });
    return LossyRecordStore::Commit(operations, mode, Deadline::Never());
  }
  Result<std::vector<AttemptOutcome>> SettleAttempts(std::span<const AttemptRef> attempts,
                                                     Deadline /*deadline*/) override {
    ++settle_count;
    if (settle_count <= untold_count) return Unavailable("it cannot be told yet");
    return LossyRecordStore::SettleAttempts(attempts, Deadline::Never());
  }

  int settle_count = 0;
  int untold_count = 0;  // So many questions are not answered.

 private:
  const std::vector<Answer> answers_;
};

using Answer = ScriptedRecordStore::Answer;

class SettledCommitTest : public testing::Test {
 protected:
  using Results = std::vector<Result<WriteOutcome>>;

  CreateOp Creation(const std::string& key, const std::string& summary = "disk full") {
    CreateOp op;
    op.id = SystemUuidSource().MakeVersion7();
    op.attempt = SystemUuidSource().MakeVersion4();
    op.body = ARemediation(key, summary);
    op.content_hash = Sha256Of({key, summary});
    op.now = runtime_.WallNow();
    return op;
  }
  BeginIntentOp Intent(const std::string& key) {
    BeginIntentOp op;
    op.id = SystemUuidSource().MakeVersion7();
    op.natural_key = key;
    op.content_hash = Sha256Of({key});
    op.now = runtime_.WallNow();
    op.lease_until = op.now + seconds(60);
    return op;
  }
  Results Commit(ScriptedRecordStore& store,
                 const std::vector<WriteOp>& operations,
                 CommitMode mode = CommitMode::kEachForItself) {
    return CommitSettled(runtime_, store, operations, mode, Deadline::In(seconds(10), runtime_));
  }
  // Commits without loss, before the story begins.
  WriteOutcome CommitOne(const WriteOp& operation) {
    return inner_.Commit({&operation, 1}, CommitMode::kEachForItself, Deadline::Never())->front();
  }
  static std::vector<WriteStatus> StatusesOf(const Results& results) {
    std::vector<WriteStatus> statuses;
    for (const auto& result : results) statuses.push_back(result.value().status);
    return statuses;
  }

  ManualRuntime runtime_;
  FakeRecordStore inner_{runtime_};
};

TEST_F(SettledCommitTest, AsksForNothingMoreWhereTheAnswerCame) {
  ScriptedRecordStore store(inner_, {});
  const Results results = Commit(store, {Creation("rr-1")});
  EXPECT_EQ(results[0].value().status, WriteStatus::kCreated);
  EXPECT_FALSE(results[0].value().is_recovered);
  inner_.FailWith(Unavailable("it is down"));
  EXPECT_EQ(Commit(store, {Creation("rr-2")})[0].error().code, ErrorCode::kUnavailable);
  EXPECT_EQ(store.settle_count, 0);
  EXPECT_THAT(store.SpanSizes(), ElementsAre(1, 1));
}

TEST_F(SettledCommitTest, AnswersWhatItFindsCommittedOfEachKind) {
  const CreateOp updated = Creation("rr-updated");
  const CreateOp erased = Creation("rr-erased");
  CommitOne(updated);
  CommitOne(erased);
  UpdateOp update;
  update.id = updated.id;
  update.attempt = SystemUuidSource().MakeVersion4();
  update.expected_version = 1;
  update.body = ARemediation("rr-updated", "network down");
  update.now = runtime_.WallNow();
  const EraseOp erasure{
      erased.id, SystemUuidSource().MakeVersion4(), runtime_.WallNow(), "me", "why"};
  const CreateOp created = Creation("rr-created");
  ScriptedRecordStore store(inner_, {Answer::kLostAfter});
  const Results results = Commit(store, {created, update, erasure});
  EXPECT_THAT(StatusesOf(results),
              ElementsAre(WriteStatus::kCreated, WriteStatus::kUpdated, WriteStatus::kErasedNow));
  EXPECT_THAT(store.SpanSizes(), ElementsAre(3));  // Nothing ran again.
  EXPECT_EQ(results[0].value().id, created.id);
  EXPECT_EQ(results[1].value().version, 2);
  const RecordRef ref = updated.id;
  const auto read = inner_.Read({&ref, 1}, "", Deadline::Never());
  EXPECT_EQ(results[1].value().stamp, read->front().record.stamp);
  for (const auto& result : results) EXPECT_TRUE(result->is_recovered && result->has_pending);
}

TEST_F(SettledCommitTest, RunsAgainWhatDidNotCommit) {
  ScriptedRecordStore store(inner_, {Answer::kLostBefore, Answer::kLostBefore});
  const Results results =
      Commit(store, {Creation("rr-1"), Creation("rr-2")}, CommitMode::kAllOrNothing);
  EXPECT_THAT(StatusesOf(results), ElementsAre(WriteStatus::kCreated, WriteStatus::kCreated));
  EXPECT_FALSE(results[0].value().is_recovered);
  EXPECT_THAT(store.SpanSizes(), ElementsAre(2, 2, 2));
}

TEST_F(SettledCommitTest, RunsAgainOnlyWhatLeftNoAttempt) {
  CommitOne(Creation("rr-taken"));
  const BeginIntentOp intent = Intent("rr-intent");
  ScriptedRecordStore store(inner_, {Answer::kLostAfter});
  const Results results =
      Commit(store, {Creation("rr-1"), Creation("rr-taken", "another"), intent, Creation("rr-2")});
  EXPECT_THAT(StatusesOf(results),
              ElementsAre(WriteStatus::kCreated,
                          WriteStatus::kConflict,
                          WriteStatus::kIntentBegun,
                          WriteStatus::kCreated));
  EXPECT_TRUE(results[0].value().is_recovered && results[3].value().is_recovered);
  EXPECT_THAT(store.SpanSizes(), ElementsAre(4, 2));
}

TEST_F(SettledCommitTest, FindsTheStampOfAnIntentThatItBeganTwice) {
  BeginIntentOp intent = Intent("rr-1");
  intent.claim = IdempotencyClaim{"key-1", Sha256Of({"request"})};
  ScriptedRecordStore store(inner_, {Answer::kLostAfter});
  const WriteOutcome repeated = Commit(store, {intent})[0].value();
  EXPECT_EQ(repeated.status, WriteStatus::kIntentBegun);
  EXPECT_EQ(repeated.id, intent.id);
  // With this stamp the creation goes on.
  CreateOp creation = Creation("rr-1");
  creation.id = intent.id;
  creation.consumes_intent = repeated.stamp;
  EXPECT_EQ(CommitOne(creation).status, WriteStatus::kCreated);
}

TEST_F(SettledCommitTest, AsksUntilTheStoreCanTell) {
  ScriptedRecordStore store(inner_, {Answer::kLostAfter});
  store.untold_count = 3;
  EXPECT_TRUE(Commit(store, {Creation("rr-1")})[0].value().is_recovered);
  EXPECT_EQ(store.settle_count, 4);
}

TEST_F(SettledCommitTest, AnswersOutcomeUnknownWhenTheTimeIsTooShort) {
  ScriptedRecordStore store(inner_, {Answer::kLostAfter});
  store.untold_count = 1'000'000;
  const SteadyTime begin = runtime_.Now();
  const Results results = Commit(store, {Creation("rr-1"), Intent("rr-2")});
  for (const auto& result : results) {
    EXPECT_EQ(result.error().code, ErrorCode::kOutcomeUnknown);
  }
  EXPECT_THAT(store.SpanSizes(), ElementsAre(2));
  // Not later than one pause after the deadline, and with pauses between the questions.
  EXPECT_LE(runtime_.Now() - begin, seconds(10) + milliseconds(100));
  EXPECT_LE(store.settle_count, 1'000);
}

}  // namespace
}  // namespace datastorage
