// FaultyDiskTest: a store on a FaultyDisk in a temporary folder.
#pragma once

#include <fcntl.h>
#include <unistd.h>

#include "sqlite/faulty_disk.h"
#include "sqlite/faulty_disk_vfs.h"
#include "sqlite/sqlite_fixture.h"

namespace datastorage {

// While it lives nothing is logged: thousands of faults would say the same. gtest's own words go to
// standard output.
class SilentLog {
 public:
  SilentLog() : stderr_(dup(STDERR_FILENO)) {
    const int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
    dup2(nowhere, STDERR_FILENO);
    close(nowhere);
  }
  ~SilentLog() {
    dup2(stderr_, STDERR_FILENO);
    close(stderr_);
  }
  SilentLog(const SilentLog&) = delete;
  SilentLog& operator=(const SilentLog&) = delete;

 private:
  int stderr_;
};

class FaultyDiskTest : public SqliteFixture {
 protected:
  ~FaultyDiskTest() override { store_.reset(); }  // Before the disk under it.

  // Leaves no store when it cannot be opened.
  void OpenFaulty() {
    store_.reset();
    durability_lost_count_ = 0;
    auto opened = SqliteRecordStore::Open(
        {.directory = folder_.path(),
         .reader_count = 1,
         .clock = &clock_,
         .on_durability_lost = [this](std::string_view) { ++durability_lost_count_; },
         .vfs = FaultyVfs::kName});
    if (opened.has_value()) store_ = *std::move(opened);
  }
  // Removes the store with its files.
  void StartAnew() {
    store_.reset();
    disk_.Forget();
    for (const char* suffix : {"", "-wal", "-shm"})
      std::filesystem::remove(DatabasePath() + suffix);
  }
  // Whether the file, its tables and the text index are sound. REQUIRES: the store is open.
  bool IsSound() {
    return Query("PRAGMA integrity_check") == "ok" && Query("PRAGMA foreign_key_check").empty() &&
           Query("INSERT INTO record_text (record_text, rank) VALUES ('integrity-check', 1)")
               .empty();
  }
  Result<std::vector<WriteOutcome>> TryCommit(const WriteOp& operation) {
    return store_->Commit(std::span(&operation, 1), CommitMode::kEachForItself, Deadline::Never());
  }

  FaultyDisk disk_;
  FaultyVfs vfs_{disk_};
  int durability_lost_count_ = 0;
};

}  // namespace datastorage
