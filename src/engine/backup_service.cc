#include "engine/backup_service.h"

#include "base/log.h"

namespace datastorage {

Result<std::optional<BackupReport>> BackupService::Run(const std::string& name, Deadline deadline) {
  if (is_running_.exchange(true)) return std::optional<BackupReport>();
  Result<BackupReport> report = store_.Backup(name, deadline);
  is_running_.store(false);
  if (!report.has_value()) return std::move(report).error();
  Log(LogLevel::kInfo,
      "backed up",
      {{"name", std::string_view(report->name)},
       {"records", report->record_count},
       {"bytes", report->byte_count}});
  return std::optional<BackupReport>(*std::move(report));
}

}  // namespace datastorage
