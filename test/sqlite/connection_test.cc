#include "sqlite/connection.h"

#include "sqlite/sqlite_fixture.h"

namespace datastorage::sqlite {
namespace {

class Connections : public SqliteFixture {
 protected:
  std::string Ask(Connection& connection, const std::string& sql) {
    auto statement = Statement::Prepare(connection.handle(), "test", sql);
    EXPECT_TRUE(statement.has_value());
    StatementRun run(*statement);
    EXPECT_TRUE(run.Next().has_value());
    return std::string(run.Text(0));
  }
};

TEST_F(Connections, WriteDurablyAndOverwriteWhatIsDeleted) {
  const auto writer = Connect();
  EXPECT_EQ(Ask(*writer, "PRAGMA journal_mode"), "wal");
  EXPECT_EQ(Ask(*writer, "PRAGMA synchronous"), "2");
  EXPECT_EQ(Ask(*writer, "PRAGMA secure_delete"), "1");
  EXPECT_EQ(Ask(*writer, "PRAGMA foreign_keys"), "1");
}

TEST_F(Connections, OfReadersCannotWrite) {
  Connect();
  auto reader = Connection::Open({.path = DatabasePath()});
  ASSERT_TRUE(reader.has_value());
  EXPECT_FALSE((*reader)->Execute("write", "DELETE FROM record").has_value());
}

TEST_F(Connections, OpenNothingThatIsNoDatabase) {
  EXPECT_EQ(Connection::Open({.path = folder_.path(), .is_writer = true}).error().code,
            ErrorCode::kUnavailable);
}

TEST_F(Connections, KeepRecentlyCompletedStatements) {
  const auto connection = Connect();
  const auto text = [](int i) { return "SELECT " + std::to_string(i); };
  const auto first = connection->GetDynamic(Query::kListRecords, text(0));
  ASSERT_TRUE(first.has_value());
  EXPECT_EQ(*connection->GetDynamic(Query::kListRecords, text(0)), *first);
  for (int i = 1; i < 200; ++i) {
    ASSERT_TRUE(connection->GetDynamic(Query::kListRecords, text(i)).has_value());
    ASSERT_TRUE(connection->GetDynamic(Query::kListRecords, text(0)).has_value());
  }
  EXPECT_EQ(*connection->GetDynamic(Query::kListRecords, text(0)), *first);
  // One too long to be kept still runs.
  const std::string padding(100'000, ' ');
  for (int i = 0; i < 3; ++i) {
    const auto large = connection->GetDynamic(Query::kListRecords, "SELECT 7" + padding);
    ASSERT_TRUE(large.has_value());
    StatementRun run(**large);
    EXPECT_EQ(*run.Next(), true);
    EXPECT_EQ(run.Integer(0), 7);
  }
}

TEST_F(Connections, StopWhenTheDeadlinePasses) {
  const auto connection = Connect();
  const std::string endless =
      "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n";
  auto statement = Statement::Prepare(connection->handle(), "test", endless);
  connection->SetDeadline(Deadline::In(std::chrono::milliseconds(20)));
  const auto stopped = StatementRun(*statement).Next();
  ASSERT_FALSE(stopped.has_value());
  EXPECT_EQ(stopped.error().code, ErrorCode::kDeadlineExceeded);
}

TEST_F(Connections, RollBackWhatIsNotCommitted) {
  const auto connection = Connect();
  {
    Transaction transaction(*connection);
    ASSERT_TRUE(transaction.BeginWriting().has_value());
    ASSERT_TRUE(
        connection->Execute("write", "INSERT INTO setting VALUES ('a', x'00')").has_value());
  }
  EXPECT_EQ(Ask(*connection, "SELECT count(*) FROM setting"), "0");
}

TEST_F(Connections, MeasureAndEmptyTheLog) {
  const auto connection = Connect();
  ASSERT_TRUE(connection->Execute("write", "INSERT INTO setting VALUES ('a', x'00')").has_value());
  EXPECT_GT(connection->log_page_count(), 0);
  EXPECT_EQ(connection->Checkpoint(true), 0);
  EXPECT_EQ(std::filesystem::file_size(DatabasePath() + "-wal"), 0U);
}

}  // namespace
}  // namespace datastorage::sqlite
