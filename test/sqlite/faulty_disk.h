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
#include <map>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "sqlite/disk_fault.h"

namespace datastorage {

class FaultyDisk {
 public:
  struct Change {
    std::int64_t offset = 0;
    std::string bytes;
    bool is_cut = false;  // Of the file, to the length `offset`.
  };

  // Replaces what the store asks for with PRAGMA synchronous: 0 is OFF, 1 NORMAL.
  std::optional<char> forced_synchronous;
  int sync_count = 0;
  // What the power cut broke off: "log write", "database sync", …
  std::string broken_off;

  void SetFault(std::optional<DiskFault> fault) {
    fault_ = fault;
    fired_count_ = 0;
  }
  int fired_count() const { return fired_count_; }

  // After `count` more steps every call fails: the power is gone.
  void CutPowerAfter(int count, CutSteps steps = CutSteps::kAll) {
    steps_left_ = count;
    steps_ = steps;
  }
  bool has_power() const { return steps_left_ != 0; }

  // The shim asks before it acts; SQLITE_OK lets it.
  int Before(DiskCall call) {
    if (!has_power()) return SQLITE_IOERR;
    if (!fault_.has_value() || fault_->call != call) return SQLITE_OK;
    --fault_->nth;
    if (fault_->nth > 0 || (fault_->nth < 0 && !fault_->is_lasting)) return SQLITE_OK;
    ++fired_count_;
    return fault_->code;
  }
  // Takes from `change` what does not reach the file.
  int BeforeChange(const std::string& path, Change& change) {
    const int code = Before(change.is_cut ? DiskCall::kCut : DiskCall::kWrite);
    const bool is_short = code != SQLITE_OK && has_power() && fault_->is_short;
    if (code != SQLITE_OK) change.bytes.resize(is_short ? change.bytes.size() / 2 : 0);
    if (code != SQLITE_OK && change.bytes.empty()) return code;
    files_[path].since.push_back(change);
    if (!TakeStep(path, change.is_cut ? "cut" : "write")) return SQLITE_IOERR_WRITE;
    return code;
  }
  int Sync(const std::string& path) {
    ++sync_count;
    if (const int code = Before(DiskCall::kSync); code != SQLITE_OK) return code;
    if (!TakeStep(path, "sync")) return SQLITE_IOERR_FSYNC;
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

  // Puts the files into a state that a cut may leave. REQUIRES: none is open.
  void Recover(PowerLoss loss, std::mt19937_64& random, LossTally& tally) {
    for (auto& [path, file] : files_) {
      const std::size_t chosen = file.since.empty() ? 0 : random() % file.since.size();
      bool is_one_missing = false;
      for (std::size_t i = 0; i < file.since.size(); ++i) {
        const Change& change = file.since[i];
        std::size_t length = change.bytes.size();
        bool is_lost = loss == PowerLoss::kDropped;
        if (loss == PowerLoss::kReordered) is_lost = random() % 2 == 0;
        if (loss == PowerLoss::kTorn && !change.is_cut && (i == chosen || random() % 8 == 0)) {
          length = random() % length;
          ++tally.torn;
        }
        if (!is_lost) Apply(change, length, file.synced);
        tally.dropped += loss == PowerLoss::kDropped ? 1 : 0;
        tally.reordered += !is_lost && is_one_missing ? 1 : 0;
        is_one_missing = is_one_missing || is_lost;
      }
      std::ofstream(path, std::ios::binary | std::ios::trunc) << file.synced;
      std::filesystem::remove(path + "-shm");
    }
    Forget();
  }
  // The power is back, and what is in the files now counts as synced. REQUIRES: none is open.
  void Forget() {
    files_.clear();
    steps_left_ = -1;
    fault_.reset();
  }

 private:
  struct File {
    std::string synced;
    std::vector<Change> since;
  };

  bool TakeStep(const std::string& path, const char* what) {
    const bool is_log = path.ends_with("-wal");
    if (is_log && steps_ == CutSteps::kOfDatabase) return has_power();
    if (what == std::string_view("write") && steps_ == CutSteps::kNoWrites) return has_power();
    if (steps_left_ > 0 && --steps_left_ == 0) {
      broken_off = (is_log ? "log " : "database ") + std::string(what);
    }
    return has_power();
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
  CutSteps steps_ = CutSteps::kAll;
  int steps_left_ = -1;  // -1: no cut is planned. 0: the power is gone.
  std::optional<DiskFault> fault_;
  int fired_count_ = 0;
};

}  // namespace datastorage
