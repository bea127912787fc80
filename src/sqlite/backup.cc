#include "sqlite/backup.h"

#include <filesystem>
#include <fstream>
#include <system_error>

#include "sqlite/connection.h"
#include "sqlite/database_path.h"
#include "sqlite/directory_lock.h"
#include "sqlite/durable_files.h"
#include "sqlite/migrate.h"

namespace datastorage::sqlite {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kMagic("SQLite format 3\0", 16);

std::string Quoted(const std::string& text) {
  std::string quoted = "'";
  for (const char letter : text) quoted += letter == '\'' ? "''" : std::string(1, letter);
  return quoted + "'";
}

std::uintmax_t SizeOf(const std::string& path) {
  std::error_code failure;
  const std::uintmax_t size = fs::file_size(path, failure);
  return failure ? 0 : size;
}

// The first column of the first row.
Result<std::string> AskOne(Connection& connection, std::string_view sql) {
  DS_ASSIGN_OR_RETURN(Statement statement,
                      Statement::Prepare(connection.handle(), "inspect a backup", sql));
  StatementRun asking(statement);
  DS_ASSIGN_OR_RETURN(const bool has_row, asking.Next());
  return has_row ? std::string(asking.Text(0)) : std::string();
}

Result<BackupReport> Inspect(const std::string& path, Deadline deadline) {
  DS_ASSIGN_OR_RETURN(const std::unique_ptr<Connection> connection,
                      Connection::Open({.path = path}));
  connection->SetDeadline(deadline);
  BackupReport report;
  DS_ASSIGN_OR_RETURN(report.schema_version, SchemaVersion(*connection, AllMigrations()));
  DS_ASSIGN_OR_RETURN(const std::string verdict, AskOne(*connection, "PRAGMA integrity_check(1)"));
  if (verdict != "ok") return InvalidArgument("the file is damaged");
  DS_ASSIGN_OR_RETURN(const std::string count, AskOne(*connection, "SELECT count(*) FROM record"));
  report.record_count = std::stoll(count);
  report.byte_count = static_cast<std::int64_t>(SizeOf(path));
  return report;
}

// Brings what stands in the log into the file, and removes the log: a new file under the old log
// would be a mixture of both.
Result<void> CloseLog(const std::string& database) {
  {
    DS_ASSIGN_OR_RETURN(const std::unique_ptr<Connection> writer,
                        Connection::Open({.path = database, .is_writer = true}));
    DS_RETURN_IF_ERROR(writer->EmptyLog());
  }
  if (SizeOf(database + "-wal") > 0) return Internal("the log of the database cannot be emptied");
  std::error_code failure;
  for (const char* end : {"-wal", "-shm"}) fs::remove(database + end, failure);
  return Sync(fs::path(database).parent_path().string());
}

}  // namespace

Result<BackupReport> WriteBackup(const std::string& database,
                                 const std::string& folder,
                                 const std::string& name,
                                 Deadline deadline) {
  if (!IsBackupName(name)) return InvalidArgument("that is no name for a backup");
  std::error_code failure;
  if (fs::create_directories(folder, failure)) {
    fs::permissions(folder, fs::perms::owner_all, failure);
    DS_RETURN_IF_ERROR(Sync(fs::path(folder).parent_path().string()));
  }
  if (failure) return Unavailable("the folder of backups cannot be made: " + failure.message());
  const std::string path = folder + "/" + name;
  if (fs::exists(path, failure)) return Conflict("there is a backup of that name");
  TemporaryFile part(folder + "/." + name + ".part");
  {
    DS_ASSIGN_OR_RETURN(const std::unique_ptr<Connection> reader,
                        Connection::Open({.path = database}));
    reader->SetDeadline(deadline);
    DS_RETURN_IF_ERROR(reader->Execute("begin a backup", "PRAGMA query_only = OFF"));
    // Row by row from one snapshot: free pages, where something erased might stand, are left out.
    DS_RETURN_IF_ERROR(reader->Execute("write a backup", "VACUUM INTO " + Quoted(part.path())));
  }
  DS_RETURN_IF_ERROR(Sync(part.path()));
  Result<BackupReport> report = InspectBackup(part.path(), deadline);
  if (!report.has_value()) {
    if (report.error().code == ErrorCode::kDeadlineExceeded) return report;
    return Internal("the backup does not pass its check: " + report.error().message);
  }
  fs::permissions(part.path(), fs::perms::owner_read | fs::perms::owner_write, failure);
  DS_RETURN_IF_ERROR(part.Publish(path));
  report->name = name;
  return report;
}

Result<BackupReport> InspectBackup(const std::string& path, Deadline deadline) {
  std::string magic(kMagic.size(), '\0');
  std::ifstream(path, std::ios::binary).read(magic.data(), static_cast<std::streamsize>(16));
  if (magic != kMagic) return InvalidArgument("the file is no database of this program");
  Result<BackupReport> report = Inspect(path, deadline);
  if (report.has_value() || report.error().code == ErrorCode::kDeadlineExceeded) return report;
  // What a database cannot answer about itself is damage; the log has the cause.
  if (report.error().code != ErrorCode::kConflict &&
      report.error().code != ErrorCode::kInvalidArgument) {
    return InvalidArgument("the file is damaged");
  }
  return InvalidArgument(report.error().message);
}

Result<BackupReport> RestoreBackup(const std::string& file,
                                   const std::string& directory,
                                   bool replaces) {
  std::error_code failure;
  if (!fs::is_regular_file(file, failure)) return NotFound("there is no such file: " + file);
  DS_ASSIGN_OR_RETURN(const DirectoryLock lock, DirectoryLock::Take(directory));
  const std::string database = DatabasePath(directory);
  const bool is_there = fs::exists(database, failure);
  if (is_there && !replaces) return Conflict("the folder holds a database: --force replaces it");
  if (SizeOf(file + "-wal") > 0) {
    return InvalidArgument(
        "the file has a log beside it, so it is no backup but a database in use");
  }
  TemporaryFile copy(database + ".restoring");
  DS_RETURN_IF_ERROR(CopyDurably(file, copy.path()));
  DS_ASSIGN_OR_RETURN(BackupReport report, InspectBackup(copy.path(), Deadline::Never()));
  if (is_there) DS_RETURN_IF_ERROR(CloseLog(database));
  DS_RETURN_IF_ERROR(copy.Replace(database));
  report.name = fs::path(file).filename().string();
  return report;
}

}  // namespace datastorage::sqlite
