#include "sqlite/statement.h"

#include <limits>

#include "sqlite/sqlite_fixture.h"

namespace datastorage::sqlite {
namespace {

class Statements : public SqliteFixture {
 protected:
  Statement Prepare(const std::string& sql) {
    auto statement = Statement::Prepare(connection_->handle(), "test", sql);
    EXPECT_TRUE(statement.has_value());
    return *std::move(statement);
  }
  std::unique_ptr<Connection> connection_ = Connect();
};

TEST_F(Statements, GiveBackWhatWasBound) {
  Statement statement = Prepare("SELECT ?, ?, ?, ?, ?, ?, ?");
  const Uuid id = SystemUuidSource().MakeVersion4();
  const std::optional<Sha256> hash = Sha256Of({"x"});
  const std::string text("a\0b", 3);
  const WallTime time(Duration(-5));
  StatementRun run(statement);
  run.BindInteger(std::numeric_limits<std::int64_t>::min()).BindReal(0.1).BindText(text);
  run.BindId(id).BindHash(hash).BindHash(std::nullopt).BindTime(time);
  ASSERT_EQ(*run.Next(), true);
  EXPECT_EQ(run.Integer(0), std::numeric_limits<std::int64_t>::min());
  EXPECT_EQ(run.Real(1), 0.1);
  EXPECT_EQ(run.Text(2), text);
  EXPECT_EQ(run.Id(3), id);
  EXPECT_EQ(run.Hash(4), hash);
  EXPECT_EQ(run.Hash(5), std::nullopt);
  EXPECT_EQ(run.Time(6), time);
  EXPECT_EQ(*run.Next(), false);
}

TEST_F(Statements, TellAnEmptyTextFromNull) {
  Statement statement = Prepare("SELECT ?, ?");
  StatementRun run(statement);
  run.BindText({}).BindNull();
  ASSERT_EQ(*run.Next(), true);
  EXPECT_FALSE(run.IsNull(0));
  EXPECT_TRUE(run.IsNull(1));
}

TEST_F(Statements, ForgetWhatTheLastRunBound) {
  Statement statement = Prepare("SELECT ?");
  ASSERT_TRUE(StatementRun(statement).BindInteger(1).Next().has_value());
  StatementRun second(statement);
  ASSERT_EQ(*second.Next(), true);
  EXPECT_TRUE(second.IsNull(0));
}

TEST_F(Statements, ReportABindThatFailed) {
  Statement statement = Prepare("SELECT ?");
  EXPECT_FALSE(StatementRun(statement).BindInteger(1).BindInteger(2).Next().has_value());
}

TEST_F(Statements, RefuseSqlThatDoesNotFitTheSchema) {
  EXPECT_FALSE(
      Statement::Prepare(connection_->handle(), "test", "SELECT nothing FROM record").has_value());
  // A quoted name that is no column is not a text.
  EXPECT_FALSE(Statement::Prepare(connection_->handle(), "test", "SELECT \"nothing\"").has_value());
}

TEST_F(Statements, CountChangedRows) {
  Statement statement = Prepare("INSERT INTO setting VALUES ('a', x'00'), ('b', x'00')");
  EXPECT_EQ(*StatementRun(statement).Run(), 2);
}

}  // namespace
}  // namespace datastorage::sqlite
