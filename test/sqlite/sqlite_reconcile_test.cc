// What SQLite keeps over a restart, and how it finds it.
#include "sqlite/sqlite_fixture.h"

namespace datastorage {
namespace {

class Reconciling : public SqliteFixture {
 protected:
  Reconciling() { OpenStore(); }
  std::string PlanOf(const std::string& query) {
    auto connection = Connect();
    auto statement =
        sqlite::Statement::Prepare(connection->handle(), "plan", "EXPLAIN QUERY PLAN " + query);
    EXPECT_TRUE(statement.has_value());
    sqlite::StatementRun run(*statement);
    std::string plan;
    while (*run.Next()) plan.append(run.Text(3)).append("\n");
    return plan;
  }
};

TEST_F(Reconciling, KeepsRaisedStampsOverARestart) {
  ASSERT_TRUE(store_->RaiseStamps(5'000, Deadline::Never()).has_value());
  OpenStore();
  EXPECT_EQ(*store_->RaiseStamps(0, Deadline::Never()), 5'000);
  EXPECT_EQ(Commit({Create("k1")})[0].stamp, 5'001);
}

TEST_F(Reconciling, SettlesAttemptsOfAnEarlierProcess) {
  const CreateOp create = Create("k1", "text");
  Commit({create});
  OpenStore();
  const AttemptRef ref{create.id, create.attempt};
  EXPECT_TRUE(store_->SettleAttempts({&ref, 1}, Deadline::Never())->at(0).is_committed);
}

TEST_F(Reconciling, ReadsPagesAndLeasesAlongIndexesWithoutSorting) {
  const std::string scan = PlanOf(SqlOf(sqlite::Query::kScanIds));
  EXPECT_THAT(scan, testing::Not(testing::HasSubstr("TEMP B-TREE"))) << scan;
  EXPECT_THAT(scan, testing::Not(testing::HasSubstr("SCAN"))) << scan;
  const std::string pending = PlanOf(SqlOf(sqlite::Query::kPendingIds));
  EXPECT_THAT(pending, testing::Not(testing::HasSubstr("TEMP B-TREE"))) << pending;
  EXPECT_THAT(pending, testing::Not(testing::HasSubstr("SCAN"))) << pending;
  const std::string lease = PlanOf(SqlOf(sqlite::Query::kLeaseCandidates));
  EXPECT_THAT(lease, testing::HasSubstr("pending_vector_due (set_id=? AND due_at<?)")) << lease;
  EXPECT_THAT(lease, testing::Not(testing::HasSubstr("TEMP B-TREE"))) << lease;
  const std::string settle = PlanOf(SqlOf(sqlite::Query::kSettleAttempt));
  EXPECT_THAT(settle, testing::Not(testing::HasSubstr("SCAN"))) << settle;
}

TEST_F(Reconciling, LeasesWhatAnEarlierSchemaLeftDue) {
  store_.reset();
  std::filesystem::remove(DatabasePath());
  {
    auto writer = sqlite::Connection::Open({.path = DatabasePath(), .is_writer = true});
    ASSERT_TRUE(sqlite::Migrate(**writer, sqlite::AllMigrations().first(1)).has_value());
    ASSERT_TRUE((*writer)
                    ->Execute("fill",
                              "INSERT INTO vector_set VALUES (1, 'scan', 'model/t1', '', 'live');"
                              "INSERT INTO pending_vector VALUES "
                              "(1, zeroblob(16), 7, 'due', 0, 0, 'backfill', 0)")
                    .has_value());
  }
  OpenStore();
  const WallTime now = clock_.WallNow();
  EXPECT_EQ(store_->LeaseDue(1, 10, {.now = now, .until = now}, Deadline::Never())->at(0).stamp, 7);
}

// No operation of the port can take away one row of an intent: this does.
TEST_F(Reconciling, FencesAWriterThatHasLostOneOfItsIntentRows) {
  for (const char* damage : {"DELETE FROM pending_vector WHERE set_id = 2",
                             "UPDATE pending_vector SET state = 'due' WHERE set_id = 2",
                             "UPDATE pending_vector SET stamp = stamp + 1 WHERE set_id = 1"}) {
    Register(std::string("one") + damage, VectorSetState::kFilling);
    Register(std::string("two") + damage, VectorSetState::kFilling);
    CreateOp create = Create(damage, "text");
    const WriteOutcome begun = Commit({BeginIntentOp{.id = create.id,
                                                     .kind = KindOf(create.body),
                                                     .natural_key = damage,
                                                     .content_hash = create.content_hash,
                                                     .claim = std::nullopt,
                                                     .now = clock_.WallNow(),
                                                     .lease_until = clock_.WallNow()}})[0];
    ASSERT_EQ(begun.status, WriteStatus::kIntentBegun);
    ASSERT_TRUE(Connect()->Execute("damage", damage).has_value());
    create.consumes_intent = begun.stamp;
    EXPECT_EQ(Commit({create})[0].status, WriteStatus::kFenced) << damage;
    EXPECT_EQ(Query("SELECT count(*) FROM record"), "0");
  }
}

}  // namespace
}  // namespace datastorage
