#include "postgres/commit_rows.h"

#include "postgres/session.h"

namespace datastorage::postgres {
namespace {

// What is read from the rows that a statement returns.
class CommitRows : public testing::Test {
 protected:
  void Read(RowReader reader, const std::string& sql) {
    Call call;
    call.sql = sql;
    const auto rows = session_->RunOne("ask", std::move(call), Soon());
    ASSERT_TRUE(rows.has_value()) << rows.error().message;
    reader(*rows, state_);
  }

  std::unique_ptr<Connection> session_ =
      OpenSession(test::PostgresServer::Shared().Conninfo("postgres"));
  WaveState state_;
};

TEST_F(CommitRows, KeepARuleThatIsNotKnownLikeTheCarefulOne) {
  Read(ReadSets, "SELECT 7::bigint, 'a/t1', 'of_tomorrow', 'far', NULL::boolean, NULL::bigint");
  ASSERT_EQ(state_.sets.size(), 1U);
  EXPECT_EQ(state_.sets[0].id, 7);
  EXPECT_EQ(state_.sets[0].rule, PendingRule::kEverySet);
  EXPECT_FALSE(state_.sets[0].is_unclaimed) << "of no pgvector";
}

TEST_F(CommitRows, LeaveVectorsToTheRelayWhileTheTablesAreNotTheSets) {
  const std::string set = "7::bigint, 'a/t1', 'where_embedding_is_missing', 'pgvector'";
  Read(ReadSets,
       "SELECT " + set + ", NULL::boolean, NULL::bigint UNION ALL SELECT " + set + ", true, 12345");
  ASSERT_EQ(state_.sets.size(), 2U);
  EXPECT_TRUE(state_.sets[0].is_unclaimed);
  EXPECT_EQ(state_.sets[0].rule, PendingRule::kEverySet);
  EXPECT_FALSE(state_.sets[0].tables.has_value());
  EXPECT_EQ(state_.sets[1].rule, PendingRule::kWhereEmbeddingIsMissing);
  ASSERT_TRUE(state_.sets[1].tables.has_value());
  EXPECT_EQ(state_.sets[1].tables->vector_type, 12345U);
  EXPECT_TRUE(state_.sets[1].tables->is_head_full);
}

TEST_F(CommitRows, UseTheStampsThatWereDrawnLast) {
  Read(ReadStamps, "SELECT generate_series(1, 3)::bigint");
  Read(ReadStamps, "SELECT generate_series(4, 6)::bigint");
  EXPECT_EQ(state_.stamps, (std::vector<Stamp>{4, 5, 6}));
}

}  // namespace
}  // namespace datastorage::postgres
