#include "postgres/migrate.h"

#include <thread>

#include "postgres/session.h"

namespace datastorage::postgres {
namespace {

using test::PostgresServer;

const int kKnown = AllMigrations().back().number;  // The newest step of this program.

class MigrateTest : public testing::Test {
 protected:
  Result<void> MigrateTo(const std::vector<Migration>& migrations, const std::string& role = "") {
    return Migrate(*OpenSession(server_.Conninfo(database_)), migrations, role, Soon());
  }
  // Those of this program, then others.
  static std::vector<Migration> With(const std::vector<std::string_view>& more) {
    std::vector<Migration> all(AllMigrations().begin(), AllMigrations().end());
    for (const std::string_view sql : more) all.push_back({static_cast<int>(all.size()) + 1, sql});
    return all;
  }
  std::string Ask(const std::string& sql) { return server_.Run(database_, sql); }

  PostgresServer& server_ = PostgresServer::Shared();
  std::string database_ = server_.MakeDatabase();
};

TEST_F(MigrateTest, MakesTheSchemaOnce) {
  ASSERT_TRUE(MigrateTo(With({})).has_value());
  const std::string when = Ask("SELECT min(applied_at) FROM schema_migration");
  ASSERT_TRUE(MigrateTo(With({})).has_value());
  EXPECT_EQ(Ask("SELECT min(applied_at) FROM schema_migration"), when);
  EXPECT_EQ(Ask("SELECT count(*) FROM record_now"), "0");
  const auto session = OpenSession(server_.Conninfo(database_));
  EXPECT_TRUE(CheckSchema(*session, AllMigrations(), Soon()).has_value());
}

TEST_F(MigrateTest, LetsTwoProgramsStartAtOnce) {
  std::vector<std::optional<ErrorCode>> codes(4);
  {
    std::vector<std::thread> programs;
    for (auto& code : codes) {
      programs.emplace_back([&] { code = CodeOf(MigrateTo(With({}))); });
    }
    for (std::thread& program : programs) program.join();
  }
  for (const auto& code : codes) EXPECT_EQ(code, std::nullopt);
  EXPECT_EQ(Ask("SELECT count(*) FROM schema_migration"), std::to_string(kKnown));
}

TEST_F(MigrateTest, GoesOnAfterAStepThatFailed) {
  EXPECT_FALSE(
      MigrateTo(With({"CREATE TABLE added (n int)", "CREATE TABLE half (n int);\nSELECT 1/0"}))
          .has_value());
  EXPECT_EQ(Ask("SELECT max(n) FROM schema_migration"), std::to_string(kKnown + 1));
  EXPECT_EQ(Ask("SELECT to_regclass('half') IS NULL"), "t") << "nothing of it is left";
  EXPECT_TRUE(
      MigrateTo(With({"CREATE TABLE added (n int)", "CREATE TABLE half (n int)"})).has_value());
  EXPECT_EQ(Ask("SELECT max(n) FROM schema_migration"), std::to_string(kKnown + 2));
}

TEST_F(MigrateTest, BuildsAnIndexOutsideOfATransaction) {
  const std::string_view step =
      "-- outside of a transaction\n"
      "CREATE INDEX CONCURRENTLY IF NOT EXISTS erasure_by_time ON erasure (erased_at)";
  EXPECT_TRUE(MigrateTo(With({step})).has_value());
  EXPECT_EQ(Ask("SELECT count(*) FROM pg_indexes WHERE indexname = 'erasure_by_time'"), "1");
}

TEST_F(MigrateTest, RefusesAnAlteredStepByName) {
  ASSERT_TRUE(MigrateTo(With({"SELECT 1"})).has_value());
  const auto migrated = MigrateTo(With({"SELECT 2"}));
  ASSERT_EQ(CodeOf(migrated), ErrorCode::kConflict);
  EXPECT_NE(migrated.error().message.find("schema version " + std::to_string(kKnown + 1)),
            std::string::npos);
}

TEST_F(MigrateTest, RefusesASchemaThatNeedsANewerProgramByName) {
  const std::string next = std::to_string(kKnown + 1);
  const std::string step = "-- runs with: " + next + "\nSELECT 1";
  ASSERT_TRUE(MigrateTo(With({step})).has_value());
  const auto migrated = MigrateTo(With({}));
  ASSERT_EQ(CodeOf(migrated), ErrorCode::kConflict);
  EXPECT_EQ(migrated.error().message,
            "the database has schema version " + next + ", this program knows up to " +
                std::to_string(kKnown) + ": start a newer program");
}

TEST_F(MigrateTest, RunsOnASchemaThatWasOnlyWidened) {
  const std::string step =
      "-- runs with: " + std::to_string(kKnown) + "\nCREATE TABLE later (n int)";
  ASSERT_TRUE(MigrateTo(With({step})).has_value());
  EXPECT_TRUE(MigrateTo(With({})).has_value());
  EXPECT_TRUE(CheckSchema(*OpenSession(server_.Conninfo(database_)), With({}), Soon()).has_value());
}

TEST_F(MigrateTest, LeavesTablesOfAnotherProgramAlone) {
  Ask("CREATE TABLE record (n int)");
  EXPECT_EQ(CodeOf(MigrateTo(With({}))), ErrorCode::kConflict);
}

TEST_F(MigrateTest, TellsThatAStepIsMissing) {
  const auto session = OpenSession(server_.Conninfo(database_));
  EXPECT_EQ(CodeOf(CheckSchema(*session, With({}), Soon())), ErrorCode::kConflict);
}

TEST_F(MigrateTest, GivesTheServiceNoRightToChangeHistory) {
  server_.Run("postgres",
              "CREATE ROLE \"the service\" LOGIN PASSWORD '" +
                  std::string(PostgresServer::kPassword) + "'");
  ASSERT_TRUE(MigrateTo(With({}), "the service").has_value());
  const auto session = OpenSession(server_.Conninfo(database_, "'the service'"));
  const auto code_of = [&](const std::string& sql) {
    (void)session->RunScript("try", sql, Soon());
    return session->last_failure().sqlstate;
  };
  constexpr const char* kRefused = "42501";
  EXPECT_EQ(code_of("UPDATE record_version SET body = '{}'"), kRefused);
  EXPECT_EQ(code_of("DELETE FROM record_version"), kRefused);
  EXPECT_EQ(code_of("TRUNCATE record_version"), kRefused);
  EXPECT_EQ(code_of("DELETE FROM record"), kRefused);
  EXPECT_EQ(code_of("UPDATE embedding SET v = v"), kRefused);
  EXPECT_EQ(code_of("DELETE FROM erasure"), kRefused);
  EXPECT_EQ(code_of("UPDATE erased_attempt SET version = 1"), kRefused);
  EXPECT_EQ(code_of("DROP TABLE record_version"), kRefused);
  EXPECT_EQ(code_of("UPDATE schema_migration SET n = 1"), kRefused);
  EXPECT_EQ(code_of("SELECT erase_content(ARRAY[]::uuid[])"), "");
  EXPECT_TRUE(MakePartitions(*session, Soon()).has_value());
  server_.Run("postgres", "DROP OWNED BY \"the service\"");
}

// A record that keeps every rule, with some members replaced.
std::string Insert(const std::string& id, const std::string& names, const std::string& values) {
  return "INSERT INTO record (id, kind, version, stamp, attempt, content_hash, created_at,"
         " updated_at, body" +
         names + ") VALUES ('" + id +
         "', 'execution', 1, 1,"
         " gen_random_uuid(), sha256('x'), now(), now(), '{}'" +
         values + ")";
}

constexpr const char* kRequiredNames =
    ", workflow_id, execution_id, action_type, target_resource, cluster_name, success, start_time";
constexpr const char* kRequiredValues = ", 'w', 'e', 'a', 't', 'c', true, '2026-11-01T00:00:00Z'";

TEST_F(MigrateTest, PlacesRecordsByTheMonthInWhichTheirIdsWereMade) {
  ASSERT_TRUE(MigrateTo(With({})).has_value());
  EXPECT_EQ(Ask("SELECT first_id_of('2026-11-01T00:00:00Z')"),
            "01a19467-e800-0000-0000-000000000000");
  const std::string recent = SystemUuidSource().MakeVersion7().ToString();
  const std::string foreign = "ffffffff-0000-4000-8000-000000000000";
  const auto session = OpenSession(server_.Conninfo(database_));
  for (const std::string& id : {recent, foreign}) {
    Ask(Insert(id, kRequiredNames, kRequiredValues));
  }
  const std::string of_this_month = "to_char(now() AT TIME ZONE 'UTC', '\"record\"_YYYY_MM')";
  EXPECT_EQ(Ask("SELECT tableoid::regclass::text = " + of_this_month + " FROM record WHERE id = '" +
                recent + "'"),
            "t");
  EXPECT_EQ(CountUnplaced(*session, Soon()), 1) << "kept, and told";
  // The months' partitions are there already.
  EXPECT_EQ(Ask("SELECT make_partitions(now(), 2)"), "0");
  EXPECT_EQ(Ask("SELECT make_partitions(now() + interval '2 years', 2)"), "6");
}

TEST_F(MigrateTest, RefusesWhatValidationWouldNotLetThrough) {
  ASSERT_TRUE(MigrateTo(With({})).has_value());
  const auto session = OpenSession(server_.Conninfo(database_));
  const std::vector<std::pair<std::string, std::string>> wrongs{
      {", name", ", repeat('x', 256)"},
      {", actor", ", repeat('x', 256)"},
      {", severity", ", repeat('x', 51)"},
      {", end_time", ", '2026-10-31T23:59:59Z'"},
      {", execution_time", ", -1"},
      {", duration", ", 9007199254740992"},
      {", confidence_score", ", 1.01"},
      {", total_steps, completed_steps", ", 1, 2"},
      {", trace_id", ", repeat('0', 32)"},
      {", trace_id", ", repeat('A', 32)"},
      {", status", ", 'done'"},
      {", metadata", ", '[1]'"},
      {", text_hash", ", '\\x00'"},
  };
  const auto code_of = [&](const std::string& sql) {
    (void)session->RunScript("try", sql, Soon());
    return session->last_failure().sqlstate;
  };
  for (const auto& [name, value] : wrongs) {
    const std::string id = SystemUuidSource().MakeVersion7().ToString();
    EXPECT_EQ(code_of(Insert(id, kRequiredNames + name, kRequiredValues + value)), "23514")
        << name << value;
  }
  const std::string id = SystemUuidSource().MakeVersion7().ToString();
  EXPECT_EQ(code_of(Insert(id, ", workflow_id", ", 'w'")), "23514") << "members are missing";
  EXPECT_EQ(code_of(Insert(id, kRequiredNames, kRequiredValues)), "");
  EXPECT_EQ(code_of(Insert(id, kRequiredNames, kRequiredValues)), "23505");
}

}  // namespace
}  // namespace datastorage::postgres
