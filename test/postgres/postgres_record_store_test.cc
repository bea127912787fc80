#include "postgres/postgres_record_store.h"

#include "postgres/store_session.h"

namespace datastorage {
namespace {

using postgres::CodeOf;
using postgres::CreationOf;
using postgres::Soon;
using test::PostgresServer;

PostgresRecordStore::Options OptionsOf(const std::string& database,
                                       const std::string& user = PostgresServer::kSuperuser) {
  PostgresRecordStore::Options options;
  options.sessions.connection.conninfo = PostgresServer::Shared().Conninfo(database, user);
  return options;
}

TEST(PostgresRecordStore, MigratesAnEmptyDatabaseAndKeepsWhatIsThere) {
  const std::string database = PostgresServer::Shared().MakeDatabase();
  const CreateOp creation = CreationOf("run-1");
  for (int i = 0; i < 2; ++i) {
    const auto store = PostgresRecordStore::Open(OptionsOf(database), ThreadRuntime(), Soon());
    ASSERT_TRUE(store.has_value()) << store.error().message;
    const std::vector<WriteOp> operations{creation};
    const auto outcomes = (*store)->Commit(operations, CommitMode::kEachForItself, Soon());
    ASSERT_TRUE(outcomes.has_value());
    EXPECT_EQ(outcomes->front().status, i == 0 ? WriteStatus::kCreated : WriteStatus::kExisting);
  }
}

TEST(PostgresRecordStore, RunsAsARoleThatMayNotChangeTables) {
  PostgresServer& server = PostgresServer::Shared();
  const std::string database = server.MakeDatabase();
  server.Run(database,
             "DROP ROLE IF EXISTS only_serves; CREATE ROLE only_serves LOGIN PASSWORD '" +
                 std::string(PostgresServer::kPassword) + "'");
  const auto refused =
      PostgresRecordStore::Open(OptionsOf(database, "only_serves"), ThreadRuntime(), Soon());
  EXPECT_FALSE(refused.has_value()) << "there are no tables, and it may not make them";
  {
    const auto owner = postgres::OpenSession(server.Conninfo(database));
    ASSERT_TRUE(postgres::Migrate(*owner, postgres::AllMigrations(), "only_serves", Soon()));
  }
  const auto store =
      PostgresRecordStore::Open(OptionsOf(database, "only_serves"), ThreadRuntime(), Soon());
  ASSERT_TRUE(store.has_value()) << store.error().message;
  const std::vector<WriteOp> operations{CreationOf("run-1")};
  EXPECT_TRUE((*store)->Commit(operations, CommitMode::kEachForItself, Soon()).has_value());
  EXPECT_TRUE((*store)->Check(Soon()).has_value());
}

TEST(PostgresRecordStore, ProbesWhetherAWriteIsPossible) {
  PostgresServer& server = PostgresServer::Shared();
  const std::string database = server.MakeDatabase();
  const auto store = PostgresRecordStore::Open(OptionsOf(database), ThreadRuntime(), Soon());
  ASSERT_TRUE(store.has_value());
  EXPECT_TRUE((*store)->Check(Soon()).has_value());
  EXPECT_TRUE((*store)->Check(Soon()).has_value());
  server.Run("postgres", "ALTER DATABASE " + database + " SET default_transaction_read_only = on");
  server.Run("postgres",
             "SELECT count(pg_terminate_backend(pid, 10000)) FROM pg_stat_activity"
             " WHERE datname = '" +
                 database + "'");
  EXPECT_EQ(CodeOf((*store)->Check(Soon())), ErrorCode::kUnavailable);
}

TEST(PostgresRecordStore, LeavesBackupsToTheServersTools) {
  const auto store =
      PostgresRecordStore::Open(OptionsOf(postgres::MakeStoreDatabase()), ThreadRuntime(), Soon());
  ASSERT_TRUE(store.has_value());
  const auto backup = (*store)->Backup("a.db", Soon());
  ASSERT_EQ(CodeOf(backup), ErrorCode::kInvalidArgument);
  EXPECT_NE(backup.error().message.find("pg_basebackup"), std::string::npos);
}

}  // namespace
}  // namespace datastorage
