// BackupService: backs the record store up on demand, one backup at a time.
//
// Threads:   safe to call concurrently.
// Ownership: keeps a reference to the store; it must outlive this.
#pragma once

#include <atomic>
#include <optional>
#include <string>

#include "ports/record_backup.h"

namespace datastorage {

class BackupService {
 public:
  explicit BackupService(RecordBackup& store) : store_(store) {}

  // nullopt while another backup is made. Errors: those of RecordBackup::Backup.
  Result<std::optional<BackupReport>> Run(const std::string& name, Deadline deadline);

 private:
  RecordBackup& store_;
  std::atomic<bool> is_running_ = false;
};

}  // namespace datastorage
