#include "sim/sim_sqlite_truth.h"

#include <gtest/gtest.h>

#include <set>

#include "support/manual_clock.h"
#include "support/random_spans.h"

namespace datastorage {
namespace {

const Deadline kNever = Deadline::Never();
constexpr int kSpanCount = 120;

VectorSet LiveSet() {
  return {.engine = "first",
          .space = RandomSpans::Spaces().front(),
          .projection = "",
          .pending_rule = PendingRule::kEverySet,
          .state = VectorSetState::kLive};
}

using Row = std::tuple<VectorSetId, RecordId, Stamp, FakePendingState>;

std::set<Row> RowsOf(const FakeState& state) {
  std::set<Row> rows;
  for (const auto& [place, row] : state.pending) {
    rows.insert({place.first, place.second, row.stamp, row.state});
  }
  return rows;
}

void ExpectSame(const FakeState& read, const FakeState& expected) {
  EXPECT_EQ(read.next_stamp, expected.next_stamp);
  EXPECT_EQ(RowsOf(read), RowsOf(expected));
  ASSERT_EQ(read.records.size(), expected.records.size());
  ASSERT_EQ(read.erasures.size(), expected.erasures.size());
  for (const auto& [id, record] : expected.records) {
    const Record& current = read.records.at(id).current();
    EXPECT_EQ(current.version, record.current().version);
    EXPECT_EQ(current.stamp, record.current().stamp);
    EXPECT_EQ(NaturalKeyOf(current.body), NaturalKeyOf(record.current().body));
    EXPECT_EQ(read.records.at(id).text_hash, record.text_hash);
    const auto embedding = read.CurrentEmbedding(id, LiveSet().space);
    const auto wanted = expected.CurrentEmbedding(id, LiveSet().space);
    ASSERT_EQ(embedding.has_value(), wanted.has_value());
    EXPECT_EQ(embedding.value_or(FakeEmbedding{}).vector, wanted.value_or(FakeEmbedding{}).vector);
  }
}

TEST(SimSqliteTruth, ReadsFromTheFileWhatTheFakeHoldsAfterTheSameCommits) {
  ManualClock clock;
  SimSqliteTruth truth(clock, SimRandom(1), false);
  FakeRecordStore fake(clock);
  RandomSpans spans(3);
  ASSERT_TRUE(truth.store().RegisterSet(LiveSet(), kNever).has_value());
  ASSERT_TRUE(fake.RegisterSet(LiveSet(), kNever).has_value());
  for (int i = 0; i < kSpanCount; ++i) {
    clock.Advance(std::chrono::minutes(1));
    const std::vector<WriteOp> operations = spans.Next(clock.WallNow());
    const auto outcomes = truth.store().Commit(operations, CommitMode::kEachForItself, kNever);
    ASSERT_TRUE(fake.Commit(operations, CommitMode::kEachForItself, kNever).has_value());
    spans.Learn(operations, outcomes.value());
    if (i % 10 == 0) truth.EndWithProcess();
    ExpectSame(*truth.State(), *fake.State());
  }
  EXPECT_EQ(truth.Damage(), "");
}

// Creates a record, settles its row, and cuts the power.
class CutAfterSettling {
 public:
  explicit CutAfterSettling(bool lacks_syncs) : truth_(clock_, SimRandom(1), lacks_syncs) {
    truth_.store().RegisterSet(LiveSet(), kNever).value();
    CreateOp create;
    create.id = SystemUuidSource().MakeVersion7();
    create.attempt = SystemUuidSource().MakeVersion4();
    Remediation body;
    body.remediation_request_id = "key";
    create.body = body;
    create.text_hash = Sha256Of({"text"});
    const std::vector<WriteOp> operations{create};
    truth_.store().Commit(operations, CommitMode::kEachForItself, kNever).value();
    const PendingVector row{1, create.id, 1, false, 0, PendingReason::kNotYet};
    EXPECT_TRUE(truth_.store().Settle({&row, 1}, kNever).has_value());
    EXPECT_TRUE(truth_.State()->pending.empty());
    truth_.OnCommitted([this](const FakeState&) { ++told_count_; });
    truth_.CutPower();
  }

  SimSqliteTruth& truth() { return truth_; }
  int told_count() const { return told_count_; }

 private:
  ManualClock clock_;
  SimSqliteTruth truth_;
  int told_count_ = 0;
};

TEST(SimSqliteTruth, LosesOnlyWhatNeedNotBeDurable) {
  CutAfterSettling cut(false);
  EXPECT_EQ(cut.told_count(), 1);
  EXPECT_EQ(cut.truth().State()->records.size(), 1U);
  EXPECT_EQ(cut.truth().State()->pending.size(), 1U);  // The row that was settled.
}

TEST(SimSqliteTruth, LosesCommitsThatWereNotSynced) {
  CutAfterSettling cut(true);
  EXPECT_TRUE(cut.truth().State()->records.empty());
}

}  // namespace
}  // namespace datastorage
