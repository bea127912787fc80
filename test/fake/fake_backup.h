// FakeBackup: a RecordBackup that writes nothing and remembers the names asked for.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "ports/record_backup.h"

namespace datastorage {

class FakeBackup final : public RecordBackup {
 public:
  Result<BackupReport> Backup(const std::string& name, Deadline /*deadline*/) override {
    if (during) std::exchange(during, {})();
    if (failure.has_value()) return *failure;
    names.push_back(name);
    return BackupReport{name, 4'096, 7, 2};
  }

  std::vector<std::string> names;
  std::optional<Error> failure;
  std::function<void()> during;  // Of the next call.
};

}  // namespace datastorage
