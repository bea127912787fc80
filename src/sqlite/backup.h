// Backups of the database file: one file each, without a log beside it, checked and durable before
// it has its name.
#pragma once

#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "ports/record_backup.h"

namespace datastorage::sqlite {

// Copies what is committed in `database` into the new file `folder`/`name`. Nothing that was
// deleted is copied, only rows that are there. `folder` is made if missing, for its owner only.
// Errors: those of RecordBackup::Backup.
Result<BackupReport> WriteBackup(const std::string& database,
                                 const std::string& folder,
                                 const std::string& name,
                                 Deadline deadline);

// Whether the file is a whole database of ours, of a schema that this program knows.
// Errors: kInvalidArgument, naming what is wrong; kDeadlineExceeded.
Result<BackupReport> InspectBackup(const std::string& path, Deadline deadline);

// Makes a copy of `file` the database of `directory`, which nobody may be using. Either the old
// database is there afterwards, or the new one, also after a power cut.
// Errors: kUnavailable (the folder is in use, or cannot be written), kConflict (it holds a database
// and `replaces` is false), kNotFound (no such file), kInvalidArgument (InspectBackup refuses it,
// or it has a log beside it), kInternal (the old database cannot be closed).
Result<BackupReport> RestoreBackup(const std::string& file,
                                   const std::string& directory,
                                   bool replaces);

}  // namespace datastorage::sqlite
