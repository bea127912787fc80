#include "sqlite/migrate.h"

#include "sqlite/sqlite_fixture.h"

namespace datastorage::sqlite {
namespace {

using testing::HasSubstr;

constexpr std::array kOne{Migration{1, "CREATE TABLE first (a)"}};
constexpr std::array kTwo{Migration{1, "CREATE TABLE first (a)"},
                          Migration{2, "CREATE TABLE second (a); INSERT INTO first VALUES (7)"}};
constexpr std::array kAltered{Migration{1, "CREATE TABLE first (b)"}};
constexpr std::array kFailing{
    Migration{1, "CREATE TABLE first (a)"},
    Migration{2, "CREATE TABLE second (a); INSERT INTO nowhere VALUES (1)"}};

class Migrations : public SqliteFixture {
 protected:
  Result<void> Run(std::span<const Migration> migrations) {
    auto writer = Connection::Open({.path = DatabasePath(), .is_writer = true});
    EXPECT_TRUE(writer.has_value());
    return Migrate(**writer, migrations);
  }
};

TEST_F(Migrations, ApplyWhatIsMissingOnce) {
  ASSERT_TRUE(Run(kOne).has_value());
  ASSERT_TRUE(Run(kTwo).has_value());
  ASSERT_TRUE(Run(kTwo).has_value());
  EXPECT_EQ(Query("SELECT count(*) FROM first"), "1");
  EXPECT_EQ(Query("SELECT group_concat(n) FROM schema_migration"), "1,2");
}

TEST_F(Migrations, RefuseANewerSchemaAndNameBothVersions) {
  ASSERT_TRUE(Run(kTwo).has_value());
  const Result<void> refused = Run(kOne);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, ErrorCode::kConflict);
  EXPECT_THAT(refused.error().message, HasSubstr("schema version 2"));
  EXPECT_THAT(refused.error().message, HasSubstr("up to 1"));
}

TEST_F(Migrations, RefuseAnAppliedOneThatDiffers) {
  ASSERT_TRUE(Run(kOne).has_value());
  EXPECT_EQ(Run(kAltered).error().code, ErrorCode::kConflict);
}

TEST_F(Migrations, LeaveNothingOfOneThatFails) {
  ASSERT_FALSE(Run(kFailing).has_value());
  EXPECT_EQ(Query("SELECT group_concat(n) FROM schema_migration"), "1");
  EXPECT_EQ(Query("SELECT count(*) FROM sqlite_schema WHERE name = 'second'"), "0");
}

TEST_F(Migrations, RefuseTheFileOfAnotherProgram) {
  {
    auto theirs = Connection::Open({.path = DatabasePath(), .is_writer = true});
    ASSERT_TRUE((*theirs)->Execute("make", "CREATE TABLE theirs (a)").has_value());
  }
  EXPECT_EQ(Run(kOne).error().code, ErrorCode::kConflict);
  EXPECT_EQ(Query("SELECT count(*) FROM sqlite_schema"), "1");
}

TEST_F(Migrations, AreNumberedWithoutGaps) {
  int number = 0;
  for (const Migration& migration : AllMigrations()) EXPECT_EQ(migration.number, ++number);
  EXPECT_GT(number, 0);
}

}  // namespace
}  // namespace datastorage::sqlite
