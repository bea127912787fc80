#include "sqlite/commit_run.h"

#include "sqlite/sqlite_fixture.h"

namespace datastorage {
namespace {

class Run : public SqliteFixture {
 protected:
  Run() { OpenStore(); }
};

TEST_F(Run, DrawsRisingStampsAndRemembersHowMany) {
  const std::vector<WriteOutcome> outcomes = Commit({Create("k1"), Create("k2")});
  EXPECT_EQ(outcomes[0].stamp + 1, outcomes[1].stamp);
  OpenStore();
  EXPECT_EQ(Commit({Create("k3")})[0].stamp, outcomes[1].stamp + 1);
}

TEST_F(Run, MayDrawTheStampsOfAnUndoneCommitAgain) {
  const std::vector<WriteOp> operations{Create("k1"), UpdateOp{Update(Create("k2"), 1, "")}};
  const auto undone = store_->Commit(operations, CommitMode::kAllOrNothing, Deadline::Never());
  ASSERT_TRUE(undone.has_value());
  EXPECT_EQ(undone->at(0).status, WriteStatus::kNotAttempted);
  EXPECT_EQ(undone->at(0).stamp, 0);
  EXPECT_EQ(Query("SELECT next FROM stamp"), "1");
}

TEST_F(Run, LeavesNothingWhenALaterOperationBreaksTheTransaction) {
  // The second insertion meets a row that the store does not know of.
  const CreateOp blocked = Create("k2");
  {
    const auto beside = Connect();
    ASSERT_TRUE(
        beside
            ->Execute("sabotage",
                      "CREATE TRIGGER sabotage BEFORE INSERT ON record WHEN "
                      "NEW.remediation_request_id = 'k2' BEGIN SELECT RAISE(FAIL, 'no'); END")
            .has_value());
  }
  const std::string before = DumpOfDirectory(folder_.path());
  const std::vector<WriteOp> operations{Create("k1", "text"), blocked};
  const auto failed = store_->Commit(operations, CommitMode::kEachForItself, Deadline::Never());
  ASSERT_FALSE(failed.has_value());
  EXPECT_EQ(failed.error().code, ErrorCode::kInternal);
  EXPECT_EQ(failed.error().message.find("no such"), std::string::npos);
  EXPECT_EQ(DumpOfDirectory(folder_.path()), before);
  EXPECT_TRUE(TextHits("text").empty());
  EXPECT_EQ(Commit({Create("k1", "text")})[0].status, WriteStatus::kCreated);
}

}  // namespace
}  // namespace datastorage
