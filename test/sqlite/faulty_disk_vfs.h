// FaultyVfs: SQLite's own file layer with a FaultyDisk in between, registered under kName.
#pragma once

#include <sqlite3.h>

#include <new>
#include <string>

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
    if (!self->disk_->has_power()) return SQLITE_CANTOPEN;
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
    if (!Of(file)->disk->has_power()) return SQLITE_IOERR_READ;
    return Real(file)->xRead(Of(file)->real(), to, size, offset);
  }
  static int Write(sqlite3_file* file, const void* from, int size, sqlite3_int64 offset) {
    if (Of(file)->path != nullptr) {
      std::string bytes(static_cast<const char*>(from), static_cast<std::size_t>(size));
      const int code =
          Of(file)->disk->BeforeChange(*Of(file)->path, {offset, std::move(bytes), false});
      if (code != SQLITE_OK) return code;
    }
    return Real(file)->xWrite(Of(file)->real(), from, size, offset);
  }
  static int Truncate(sqlite3_file* file, sqlite3_int64 size) {
    if (Of(file)->path != nullptr) {
      const int code = Of(file)->disk->BeforeChange(*Of(file)->path, {size, {}, true});
      if (code != SQLITE_OK) return code;
    }
    return Real(file)->xTruncate(Of(file)->real(), size);
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
      made.xUnlock = [](sqlite3_file* f, int lock) {
        return Real(f)->xUnlock(Of(f)->real(), lock);
      };
      made.xCheckReservedLock = [](sqlite3_file* f, int* out) {
        return Real(f)->xCheckReservedLock(Of(f)->real(), out);
      };
      made.xFileControl = [](sqlite3_file* f, int what, void* with) {
        return Real(f)->xFileControl(Of(f)->real(), what, with);
      };
      made.xSectorSize = [](sqlite3_file* f) { return Real(f)->xSectorSize(Of(f)->real()); };
      // Promises nothing about powersafe overwrites or atomic writes.
      made.xDeviceCharacteristics = [](sqlite3_file*) { return 0; };
      made.xShmMap = [](sqlite3_file* f, int page, int size, int extend, void volatile** at) {
        return Real(f)->xShmMap(Of(f)->real(), page, size, extend, at);
      };
      made.xShmLock = [](sqlite3_file* f, int offset, int count, int flags) {
        return Real(f)->xShmLock(Of(f)->real(), offset, count, flags);
      };
      made.xShmBarrier = [](sqlite3_file* f) { Real(f)->xShmBarrier(Of(f)->real()); };
      made.xShmUnmap = [](sqlite3_file* f, int remove) {
        return Real(f)->xShmUnmap(Of(f)->real(), remove);
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
