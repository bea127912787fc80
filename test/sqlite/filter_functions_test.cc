#include "sqlite/filter_functions.h"

#include "sqlite/sqlite_fixture.h"

namespace datastorage::sqlite {
namespace {

class FilterFunctions : public SqliteFixture {
 protected:
  std::string Ask(const std::string& sql) {
    auto statement = Statement::Prepare(connection_->handle(), "test", sql);
    EXPECT_TRUE(statement.has_value());
    StatementRun run(*statement);
    EXPECT_TRUE(run.Next().has_value());
    return std::string(run.Text(0));
  }
  std::unique_ptr<Connection> connection_ = Connect();
};

TEST_F(FilterFunctions, FindMetadataScalarsAtTheirPath) {
  const std::string has = R"(SELECT ds_metadata_has('{"a":{"b":[1.50,"x"]},"c":null}', )";
  EXPECT_EQ(Ask(has + "'a.b', 'x')"), "1");
  EXPECT_EQ(Ask(has + "'a.b', 'y', '1.5')"), "1");
  EXPECT_EQ(Ask(has + "'a.b', 'y')"), "0");
  EXPECT_EQ(Ask(has + "'b', 'x')"), "0");
  EXPECT_EQ(Ask(has + "'c', 'null')"), "0");
  EXPECT_EQ(Ask(has + "'a.b')"), "0");
  EXPECT_EQ(Ask("SELECT ds_metadata_has(NULL, 'a', 'x')"), "0");
}

TEST_F(FilterFunctions, SpellIdsInLowerCase) {
  EXPECT_EQ(Ask("SELECT ds_id_text(x'0123456789ABCDEF0123456789ABCDEF')"),
            "01234567-89ab-cdef-0123-456789abcdef");
  EXPECT_EQ(Ask("SELECT ds_id_text(x'01') IS NULL"), "1");
}

}  // namespace
}  // namespace datastorage::sqlite
