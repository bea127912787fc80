#include "sqlite/backup.h"

#include <sqlite3.h>

#include <atomic>
#include <fstream>
#include <thread>

#include "sqlite/sqlite_fixture.h"

namespace datastorage {
namespace {

using sqlite::InspectBackup;
using sqlite::RestoreBackup;

class Backup : public SqliteFixture {
 protected:
  Backup() { OpenStore(); }

  std::string PathOf(const std::string& name) const { return folder_.path() + "/backups/" + name; }
  BackupReport MakeBackup(const std::string& name) {
    const auto report = store_->Backup(name, Deadline::Never());
    EXPECT_TRUE(report.has_value()) << report.error().message;
    return report.has_value() ? *report : BackupReport{};
  }
  std::string RefusalOf(const std::string& file) {
    const auto report = InspectBackup(file, Deadline::Never());
    if (report.has_value()) return "";
    EXPECT_EQ(report.error().code, ErrorCode::kInvalidArgument);
    return report.error().message;
  }
  static std::string BytesOf(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  static void Write(const std::string& path, const std::string& bytes) {
    std::ofstream(path, std::ios::binary) << bytes;
  }
  static void Run(const std::string& path, const std::string& sql) {
    sqlite3* handle = nullptr;
    ASSERT_EQ(sqlite3_open(path.c_str(), &handle), SQLITE_OK);
    EXPECT_EQ(sqlite3_exec(handle, sql.c_str(), nullptr, nullptr, nullptr), SQLITE_OK);
    sqlite3_close(handle);
  }
  static std::string DumpFile(const std::string& folder) { return DumpOfDirectory(folder); }
  int FileCountIn(const std::string& folder) const {
    int count = 0;
    for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator(folder)) ++count;
    return count;
  }
};

TEST_F(Backup, HoldsWhatTheStoreHolds) {
  std::vector<WriteOp> operations;
  for (int i = 0; i < 50; ++i) operations.emplace_back(Create("k" + std::to_string(i), "a text"));
  Commit(operations);
  const std::string before = DumpFile(folder_.path());
  const BackupReport report = MakeBackup("a.db");
  EXPECT_EQ(report.record_count, 50);
  EXPECT_EQ(report.byte_count,
            static_cast<std::int64_t>(std::filesystem::file_size(PathOf("a.db"))));
  EXPECT_EQ(report.schema_version, sqlite::AllMigrations().back().number);
  EXPECT_EQ(FileCountIn(folder_.path() + "/backups"), 1);

  TemporaryFolder other;
  const auto restored = RestoreBackup(PathOf("a.db"), other.path(), false);
  ASSERT_TRUE(restored.has_value()) << restored.error().message;
  EXPECT_EQ(DumpFile(other.path()), before);
  EXPECT_EQ(FileCountIn(other.path()), 2);  // The database and the lock.
}

TEST_F(Backup, IsMadeWhileWritersWrite) {
  Commit({Create("first")});
  std::atomic<bool> is_over = false;
  std::atomic<int> written_count = 0;
  std::thread writer([&] {
    for (int i = 0; !is_over; ++i) {
      Commit({Create("k" + std::to_string(i), std::string(2'000, 'x'))});
      ++written_count;
    }
  });
  int during_count = 0;
  for (int i = 0; i < 5; ++i) {
    const int before = written_count;
    const BackupReport report = MakeBackup("b" + std::to_string(i) + ".db");
    EXPECT_GE(report.record_count, before + 1);
    during_count += written_count - before;
  }
  is_over = true;
  writer.join();
  EXPECT_GT(during_count, 0);
}

TEST_F(Backup, HasNothingOfWhatWasErasedBefore) {
  const CreateOp create = Create("key-of-qzxvjkwhirligig", "saw qzxvjkwhirligig");
  Commit({create, Create("k2", "other")});
  MakeBackup("with.db");
  EXPECT_NE(BytesOf(PathOf("with.db")).find("whirligig"), std::string::npos);
  Commit({EraseOp{create.id, SystemUuidSource().MakeVersion4(), clock_.WallNow(), "me", "asked"}});
  MakeBackup("without.db");
  EXPECT_EQ(BytesOf(PathOf("without.db")).find("whirligig"), std::string::npos);
}

TEST_F(Backup, KeepsTheOneOfItsNameAndLeavesNothingBehind) {
  MakeBackup("a.db");
  const std::string bytes = BytesOf(PathOf("a.db"));
  Commit({Create("k1")});
  EXPECT_EQ(store_->Backup("a.db", Deadline::Never()).error().code, ErrorCode::kConflict);
  EXPECT_EQ(BytesOf(PathOf("a.db")), bytes);
  EXPECT_EQ(store_->Backup("../a.db", Deadline::Never()).error().code, ErrorCode::kInvalidArgument);
  std::vector<WriteOp> many;
  for (int i = 0; i < 2'000; ++i) many.emplace_back(Create("m" + std::to_string(i), "a text"));
  Commit(many);
  EXPECT_EQ(store_->Backup("late.db", Deadline::In(Duration(0))).error().code,
            ErrorCode::kDeadlineExceeded);
  EXPECT_EQ(FileCountIn(folder_.path() + "/backups"), 1);
}

TEST_F(Backup, IsRefusedByNameWhenItIsNotOne) {
  Commit({Create("k1", std::string(100'000, 'x')), Create("k2", "text")});
  MakeBackup("a.db");
  const std::string good = BytesOf(PathOf("a.db"));
  const std::string bad = folder_.path() + "/bad.db";
  EXPECT_EQ(RefusalOf(PathOf("a.db")), "");
  EXPECT_EQ(RefusalOf(folder_.path() + "/none"), "the file is no database of this program");
  Write(bad, "not a database at all, but long enough");
  EXPECT_EQ(RefusalOf(bad), "the file is no database of this program");
  std::filesystem::remove(bad);
  Run(bad, "CREATE TABLE other (a)");
  EXPECT_EQ(RefusalOf(bad), "the file is no database of this program");
  Write(bad, good.substr(0, good.size() / 2));
  EXPECT_EQ(RefusalOf(bad), "the file is damaged");
  std::string torn = good;
  for (std::size_t page = 4'096; page < torn.size(); page += 8'192) torn.replace(page, 64, 64, '?');
  Write(bad, torn);
  EXPECT_EQ(RefusalOf(bad), "the file is damaged");
  Write(bad, good);
  Run(bad, "INSERT INTO schema_migration VALUES (99, 'x')");
  EXPECT_THAT(RefusalOf(bad), testing::HasSubstr("the database has schema version 99"));
}

TEST_F(Backup, IsNotRestoredWhereItWouldDoHarm) {
  Commit({Create("k1")});
  MakeBackup("a.db");
  const auto in_use = RestoreBackup(PathOf("a.db"), folder_.path(), true);
  EXPECT_EQ(in_use.error().code, ErrorCode::kUnavailable);
  EXPECT_THAT(in_use.error().message, testing::HasSubstr("in use by process"));

  TemporaryFolder other;
  ASSERT_TRUE(RestoreBackup(PathOf("a.db"), other.path(), false).has_value());
  const std::string before = DumpFile(other.path());
  EXPECT_EQ(RestoreBackup(PathOf("a.db"), other.path(), false).error().code, ErrorCode::kConflict);
  EXPECT_EQ(RestoreBackup("/nowhere.db", other.path(), true).error().code, ErrorCode::kNotFound);
  const std::string bad = folder_.path() + "/bad.db";
  Write(bad, "SQLite format 3");
  EXPECT_EQ(RestoreBackup(bad, other.path(), true).error().code, ErrorCode::kInvalidArgument);
  // A database in use, not a backup: what stands in its log would be lost.
  const auto with_log = RestoreBackup(DatabasePath(), other.path(), true);
  EXPECT_THAT(with_log.error().message, testing::HasSubstr("has a log beside it"));
  EXPECT_EQ(DumpFile(other.path()), before);
  EXPECT_EQ(FileCountIn(other.path()), 2);
}

// The log of the database before belongs to it and not to what takes its place.
TEST_F(Backup, ReplacesADatabaseWithAllThatStandsInItsLog) {
  Commit({Create("k1")});
  MakeBackup("a.db");
  const std::string before = DumpFile(folder_.path());
  Commit({Create("k2"), Create("k3")});
  // As after a kill: the log is there, and the lock is free.
  TemporaryFolder killed;
  for (const char* name : {"/datastorage.db", "/datastorage.db-wal"}) {
    std::filesystem::copy_file(folder_.path() + name, killed.path() + name);
  }
  ASSERT_GT(std::filesystem::file_size(killed.path() + "/datastorage.db-wal"), 0U);
  const auto restored = RestoreBackup(PathOf("a.db"), killed.path(), true);
  ASSERT_TRUE(restored.has_value()) << restored.error().message;
  EXPECT_EQ(DumpFile(killed.path()), before);
}

}  // namespace
}  // namespace datastorage
