// FaultyDisk: a disk under SQLite that fails or loses power when a test says so. Everything reaches
// the real files; beside them it remembers what each held at its last sync and what was written
// since. faulty_disk_vfs.h puts it under SQLite.
//
// Threads: none; the tests use one.
#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <random>
#include <string>
#include <utility>
#include <vector>

namespace datastorage {

// What a power cut does to the writes since the last sync.
enum class PowerLoss : std::uint8_t {
  kDropped,    // All are gone.
  kTorn,       // Those after a random one are gone, and that one reached the disk in part.
  kReordered,  // A random half reached the disk, whichever.
};

class FaultyDisk {
 public:
  struct Change {
    std::int64_t offset = 0;
    std::string bytes;
    bool is_cut = false;  // Of the file, to the length `offset`.
  };

  // What fails, until told otherwise. A disk that ignores syncs lies: it says they went well.
  bool fails_syncs = false;
  bool is_full = false;
  bool ignores_syncs = false;

  // After `count` more writes, cuts and syncs every call fails: the power is gone.
  void CutPowerAfter(int count) { steps_left_ = count; }
  bool has_power() const { return steps_left_ != 0; }

  // The shim asks before it acts; SQLITE_OK lets it.
  int BeforeChange(const std::string& path, Change change) {
    if (is_full) return SQLITE_FULL;
    if (!has_power()) return SQLITE_IOERR_WRITE;
    files_[path].since.push_back(std::move(change));
    return TakeStep() ? SQLITE_OK : SQLITE_IOERR_WRITE;
  }
  int Sync(const std::string& path) {
    if (fails_syncs || !has_power() || !TakeStep()) return SQLITE_IOERR_FSYNC;
    if (ignores_syncs) return SQLITE_OK;
    File& file = files_[path];
    for (const Change& change : file.since) Apply(change, change.bytes.size(), file.synced);
    file.since.clear();
    return SQLITE_OK;
  }
  void Opened(const std::string& path) {
    if (files_.count(path) > 0) return;
    std::ifstream existing(path, std::ios::binary);
    files_[path].synced.assign(std::istreambuf_iterator<char>(existing), {});
  }
  void Deleted(const std::string& path) { files_.erase(path); }

  // Puts the files into a state that the cut may have left. REQUIRES: none is open.
  void Recover(PowerLoss loss, std::mt19937_64& random) {
    for (auto& [path, file] : files_) {
      const std::size_t kept = file.since.empty() ? 0 : random() % file.since.size();
      for (std::size_t i = 0; i < file.since.size(); ++i) {
        const Change& change = file.since[i];
        const bool is_before = loss == PowerLoss::kTorn && i < kept;
        if (is_before || (loss == PowerLoss::kReordered && random() % 2 == 0)) {
          Apply(change, change.bytes.size(), file.synced);
        } else if (loss == PowerLoss::kTorn && i == kept && !change.is_cut) {
          Apply(change, random() % (change.bytes.size() + 1), file.synced);
        }
      }
      std::ofstream(path, std::ios::binary | std::ios::trunc) << file.synced;
      std::filesystem::remove(path + "-shm");
    }
    files_.clear();
    steps_left_ = -1;
  }

 private:
  struct File {
    std::string synced;
    std::vector<Change> since;
  };

  bool TakeStep() {
    if (steps_left_ > 0) --steps_left_;
    return steps_left_ != 0;
  }

  static void Apply(const Change& change, std::size_t length, std::string& content) {
    const auto offset = static_cast<std::size_t>(change.offset);
    if (change.is_cut) {
      content.resize(offset);
      return;
    }
    if (content.size() < offset + length) content.resize(offset + length);
    content.replace(offset, length, change.bytes, 0, length);
  }

  std::map<std::string, File> files_;
  int steps_left_ = -1;  // -1: no cut is planned. 0: the power is gone.
};

}  // namespace datastorage
