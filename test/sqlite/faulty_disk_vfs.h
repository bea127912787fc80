// FaultyVfs: SQLite's own file layer with a FaultyDisk in between, registered under kName.
#pragma once

#include <sqlite3.h>

#include <new>
#include <optional>
#include <string>
#include <string_view>

#include "base/check.h"
#include "sqlite/faulty_disk.h"

namespace datastorage {

class FaultyVfs {
 public:
  static constexpr const char* kName = "faulty";

  explicit FaultyVfs(FaultyDisk& disk) : real_(sqlite3_vfs_find(nullptr)), vfs_(*real_) {
    vfs_.zName = kName;
    vfs_.szOsFile = static_cast<int>(sizeof(File)) + real_->szOsFile;
    vfs_.pAppData = this;
    vfs_.xOpen = &FaultyVfs::Open;
    vfs_.xDelete = &FaultyVfs::Delete;
    disk_ = &disk;
    DS_CHECK(sqlite3_vfs_register(&vfs_, 0) == SQLITE_OK);
  }
  ~FaultyVfs() { sqlite3_vfs_unregister(&vfs_); }
  FaultyVfs(const FaultyVfs&) = delete;
  FaultyVfs& operator=(const FaultyVfs&) = delete;

 private:
  // SQLite allocates it with room for the real file behind it.
  struct File {
    sqlite3_file base;
    FaultyDisk* disk;
    std::string* path;  // nullptr: a file that no commit depends on.
    sqlite3_file* real() { return reinterpret_cast<sqlite3_file*>(this + 1); }
  };
  static File* Of(sqlite3_file* file) { return reinterpret_cast<File*>(file); }
  static const sqlite3_io_methods* Real(sqlite3_file* file) { return Of(file)->real()->pMethods; }

  static int Open(sqlite3_vfs* vfs, const char* name, sqlite3_file* opened, int flags, int* out) {
    auto* self = static_cast<FaultyVfs*>(vfs->pAppData);
    File* file = new (opened) File{};
    if (self->disk_->Before(DiskCall::kOpen) != SQLITE_OK) return SQLITE_CANTOPEN;
    const int code = self->real_->xOpen(self->real_, name, file->real(), flags, out);
    if (code != SQLITE_OK) return code;
    file->disk = self->disk_;
    if ((flags & (SQLITE_OPEN_MAIN_DB | SQLITE_OPEN_WAL)) != 0) {
      file->path = new std::string(name);
      file->disk->Opened(*file->path);
    }
    file->base.pMethods = &Methods();
    return SQLITE_OK;
  }

  static int Delete(sqlite3_vfs* vfs, const char* name, int sync_directory) {
    auto* self = static_cast<FaultyVfs*>(vfs->pAppData);
    if (!self->disk_->has_power()) return SQLITE_IOERR_DELETE;
    self->disk_->Deleted(name);
    return self->real_->xDelete(self->real_, name, sync_directory);
  }

  static int Close(sqlite3_file* file) {
    delete Of(file)->path;
    return Real(file)->xClose(Of(file)->real());
  }
  static int Read(sqlite3_file* file, void* to, int size, sqlite3_int64 offset) {
    const int code = Of(file)->disk->Before(DiskCall::kRead);
    if (code != SQLITE_OK) return code;
    return Real(file)->xRead(Of(file)->real(), to, size, offset);
  }
  static int Write(sqlite3_file* file, const void* from, int size, sqlite3_int64 offset) {
    if (Of(file)->path == nullptr) return Real(file)->xWrite(Of(file)->real(), from, size, offset);
    FaultyDisk::Change change{
        offset, std::string(static_cast<const char*>(from), static_cast<std::size_t>(size)), false};
    const int code = Of(file)->disk->BeforeChange(*Of(file)->path, change);
    if (change.bytes.empty()) return code;
    const int written = Real(file)->xWrite(
        Of(file)->real(), change.bytes.data(), static_cast<int>(change.bytes.size()), offset);
    return code != SQLITE_OK ? code : written;
  }
  static int Truncate(sqlite3_file* file, sqlite3_int64 size) {
    if (Of(file)->path != nullptr) {
      FaultyDisk::Change cut{size, {}, true};
      const int code = Of(file)->disk->BeforeChange(*Of(file)->path, cut);
      if (code != SQLITE_OK) return code;
    }
    return Real(file)->xTruncate(Of(file)->real(), size);
  }
  // PRAGMA synchronous = FULL becomes what the disk forces, in SQLite's own copy of the text.
  static int FileControl(sqlite3_file* file, int what, void* with) {
    const std::optional<char> forced = Of(file)->disk->forced_synchronous;
    auto* const pragma = static_cast<char**>(with);
    if (what == SQLITE_FCNTL_PRAGMA && forced && std::string_view(pragma[1]) == "synchronous") {
      pragma[2][0] = *forced;
      pragma[2][1] = '\0';
    }
    return Real(file)->xFileControl(Of(file)->real(), what, with);
  }
  // The disk's memory is what counts: the machine's own sync would only take time.
  static int Sync(sqlite3_file* file, int) {
    return Of(file)->path == nullptr ? SQLITE_OK : Of(file)->disk->Sync(*Of(file)->path);
  }

  static const sqlite3_io_methods& Methods() {
    static const sqlite3_io_methods methods = [] {
      sqlite3_io_methods made{};
      made.iVersion = 2;
      made.xClose = &Close;
      made.xRead = &Read;
      made.xWrite = &Write;
      made.xTruncate = &Truncate;
      made.xSync = &Sync;
      made.xFileSize = [](sqlite3_file* f, sqlite3_int64* size) {
        return Real(f)->xFileSize(Of(f)->real(), size);
      };
      made.xLock = [](sqlite3_file* f, int lock) { return Real(f)->xLock(Of(f)->real(), lock); };
      made.xUnlock = [](sqlite3_file* f, int to) { return Real(f)->xUnlock(Of(f)->real(), to); };
      made.xCheckReservedLock = [](sqlite3_file* f, int* out) {
        return Real(f)->xCheckReservedLock(Of(f)->real(), out);
      };
      made.xFileControl = &FileControl;
      made.xSectorSize = [](sqlite3_file* f) { return Real(f)->xSectorSize(Of(f)->real()); };
      made.xDeviceCharacteristics = [](sqlite3_file* f) {
        return Real(f)->xDeviceCharacteristics(Of(f)->real());
      };
      made.xShmMap = [](sqlite3_file* f, int page, int size, int is_new, void volatile** at) {
        return Real(f)->xShmMap(Of(f)->real(), page, size, is_new, at);
      };
      made.xShmLock = [](sqlite3_file* f, int offset, int count, int flags) {
        return Real(f)->xShmLock(Of(f)->real(), offset, count, flags);
      };
      made.xShmBarrier = [](sqlite3_file* f) { Real(f)->xShmBarrier(Of(f)->real()); };
      made.xShmUnmap = [](sqlite3_file* f, int drop) {
        return Real(f)->xShmUnmap(Of(f)->real(), drop);
      };
      return made;
    }();
    return methods;
  }

  sqlite3_vfs* real_;
  sqlite3_vfs vfs_;
  FaultyDisk* disk_ = nullptr;
};

}  // namespace datastorage
