// RecordBackup: copies of the record store that it can make of itself while it is used.
//
// Implementations: sqlite/. Thread-safe; calls block.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"

namespace datastorage {

struct BackupReport {
  std::string name;
  std::int64_t byte_count = 0;
  std::int64_t record_count = 0;
  int schema_version = 0;
};

// A file name and no path: letters, digits, dots, dashes and underscores, 4 to 100 of them, a
// letter or digit first, ".db" last.
inline bool IsBackupName(std::string_view name) {
  const auto is_alphanumeric = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
  };
  return name.size() >= 4 && name.size() <= 100 && is_alphanumeric(name.front()) &&
         name.ends_with(".db") && std::all_of(name.begin(), name.end(), [&](char c) {
           return is_alphanumeric(c) || c == '.' || c == '-' || c == '_';
         });
}

class RecordBackup {
 public:
  virtual ~RecordBackup() = default;

  // Writes all that was committed before some moment of this call, and nothing that was erased
  // before it, to a file of that name in the store's folder of backups. The file is there under its
  // name only once it is whole, checked and durable. Writers go on meanwhile.
  // Errors: kInvalidArgument (IsBackupName is false, or there are other tools for a store of
  // this kind), kConflict (there is one of that name),
  // kResourceExhausted (disk full), kUnavailable, kDeadlineExceeded, kInternal (what was written
  // does not pass its check); then nothing is left.
  virtual Result<BackupReport> Backup(const std::string& name, Deadline deadline) = 0;
};

}  // namespace datastorage
