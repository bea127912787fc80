// Vector sets in SQLite.
#include "sqlite/sqlite_fixture.h"

namespace datastorage {
namespace {

class SetsTest : public SqliteFixture {
 protected:
  SetsTest() { OpenStore(); }
};

TEST_F(SetsTest, AtMostOneIsLive) {
  const VectorSetId first = Register("a", VectorSetState::kLive);
  const VectorSetId second = Register("b", VectorSetState::kLive);
  EXPECT_EQ(Query("SELECT group_concat(state) FROM vector_set"), "retired,live");
  EXPECT_EQ(store_
                ->ChangeSetState(
                    first, VectorSetState::kRetired, VectorSetState::kFilling, Deadline::Never())
                .error()
                .code,
            ErrorCode::kConflict);
  EXPECT_EQ(store_
                ->ChangeSetState(
                    second, VectorSetState::kLive, VectorSetState::kFilling, Deadline::Never())
                .error()
                .code,
            ErrorCode::kConflict);
  EXPECT_TRUE(store_
                  ->ChangeSetState(
                      second, VectorSetState::kFilling, VectorSetState::kLive, Deadline::Never())
                  .has_value());
  EXPECT_EQ(
      store_
          ->RegisterSet(
              {.engine = "scan", .space = "c", .projection = "", .state = VectorSetState::kRetired},
              Deadline::Never())
          .error()
          .code,
      ErrorCode::kInvalidArgument);
}

TEST_F(SetsTest, ThatRetireTakeTheirPendingRowsWithThem) {
  const VectorSetId set = Register("a", VectorSetState::kLive);
  Commit({Create("k1", "text")});
  EXPECT_EQ(Query("SELECT count(*) FROM pending_vector"), "1");
  ASSERT_TRUE(
      store_
          ->ChangeSetState(set, VectorSetState::kLive, VectorSetState::kRetired, Deadline::Never())
          .has_value());
  EXPECT_EQ(Query("SELECT count(*) FROM pending_vector"), "0");
  Commit({Create("k2", "text")});
  EXPECT_EQ(Query("SELECT count(*) FROM pending_vector"), "0");
}

TEST_F(SetsTest, NeverGetAnOldId) {
  const VectorSetId first = Register("a", VectorSetState::kFilling);
  ASSERT_TRUE(store_
                  ->ChangeSetState(
                      first, VectorSetState::kFilling, VectorSetState::kRetired, Deadline::Never())
                  .has_value());
  OpenStore();
  EXPECT_GT(Register("a", VectorSetState::kFilling), first);
}

TEST_F(SetsTest, KeepTheirRuleOverARestart) {
  Register("a", VectorSetState::kLive, PendingRule::kEverySet);
  Register("b", VectorSetState::kFilling);
  OpenStore();
  const auto sets = store_->Sets(Deadline::Never());
  ASSERT_EQ(sets->size(), 2U);
  EXPECT_EQ(sets->at(0).pending_rule, PendingRule::kEverySet);
  EXPECT_EQ(sets->at(1).pending_rule, PendingRule::kWhereEmbeddingIsMissing);
}

// Of the first release: its sets shared the process.
TEST_F(SetsTest, OfADatabaseWithoutRulesKeepRowsWhereAnEmbeddingIsMissing) {
  ASSERT_TRUE(Connect()
                  ->Execute("as the first release",
                            "INSERT INTO vector_set (engine, space, projection, state) "
                            "VALUES ('scan', 'a', '', 'live')")
                  .has_value());
  EXPECT_EQ(store_->Sets(Deadline::Never())->at(0).pending_rule,
            PendingRule::kWhereEmbeddingIsMissing);
}

}  // namespace
}  // namespace datastorage
