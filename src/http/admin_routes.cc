// The operators' part of the route table: what is served on the metrics listener only, since it
// changes or copies everything.
#include "base/limits.h"
#include "http/admin_handlers.h"
#include "http/openapi.h"

namespace datastorage::http {
namespace {

const std::vector<Problem> kAdminProblems{Problem::kNotJson,
                                          Problem::kInvalidRequest,
                                          Problem::kUnsupportedMediaType,
                                          Problem::kBodyTooLarge};

std::vector<Problem> WithAdminProblems(std::vector<Problem> problems) {
  problems.insert(problems.end(), kAdminProblems.begin(), kAdminProblems.end());
  return problems;
}

Route EraseRoute() {
  return {.method = "POST",
          .pattern = "/admin/erase",
          .operation = "erase",
          .summary = "Removes a record's content everywhere; on the operators' listener.",
          .handle = EraseRecord,
          .bodies = {{"application/json", Shape::kErasureRequest}},
          .answers =
              {{200, "Erased; id, who, when and why stay.", "application/json", Shape::kErasure}},
          .problems =
              WithAdminProblems({Problem::kNoSuchRecord, Problem::kGone, Problem::kOutcomeUnknown}),
          .body_byte_count_max = limits::kAdminByteCountMax,
          .is_write = true};
}

Route ReconcileRoute() {
  return {.method = "POST",
          .pattern = "/admin/reconcile",
          .operation = "reconcile",
          .summary =
              "Compares every vector index with the records, and has differences mended; on "
              "the operators' listener.",
          .handle = ReconcileIndexes,
          .bodies = {{"application/json", Shape::kReconcileRequest}},
          .answers = {{200, "What was found.", "application/json", Shape::kReconcileReport}},
          .problems = WithAdminProblems({Problem::kBusy, Problem::kOutcomeUnknown}),
          .body_byte_count_max = limits::kAdminByteCountMax,
          .is_write = true};
}

Route BackupRoute() {
  return {.method = "POST",
          .pattern = "/admin/backup",
          .operation = "backup",
          .summary =
              "Writes a checked copy of all records into the folder of backups, while writes "
              "go on; on the operators' listener.",
          .handle = MakeBackup,
          .bodies = {{"application/json", Shape::kBackupRequest}},
          .answers =
              {{200, "The copy is whole and durable.", "application/json", Shape::kBackupReport}},
          .problems = WithAdminProblems({Problem::kBusy}),
          .body_byte_count_max = limits::kAdminByteCountMax,
          .is_write = true};
}

Route MoveRoute() {
  return {.method = "POST",
          .pattern = "/admin/reindex",
          .operation = "reindex",
          .summary =
              "Moves searches to the vector engine of --vectors, while writes and searches go on, "
              "and tells how far that is; on the operators' listener.",
          .handle = MoveSearches,
          .bodies = {{"application/json", Shape::kMoveRequest}},
          .answers =
              {{200, "The vector sets as they are now.", "application/json", Shape::kMoveReport}},
          .problems = WithAdminProblems({Problem::kOutcomeUnknown}),
          .body_byte_count_max = limits::kAdminByteCountMax,
          .is_write = true};
}

Route ReleaseRoute() {
  return {.method = "POST",
          .pattern = "/admin/pending/release",
          .operation = "releasePending",
          .summary =
              "Has vectors tried again that were given up after many failures; on the operators' "
              "listener.",
          .handle = ReleaseParked,
          .bodies = {{"application/json", Shape::kReleaseRequest}},
          .answers = {{200, "They are due at once.", "application/json", Shape::kReleaseReport}},
          .problems = WithAdminProblems({Problem::kOutcomeUnknown}),
          .body_byte_count_max = limits::kAdminByteCountMax,
          .is_write = true};
}

Route LogLevelRoute() {
  return {.method = "POST",
          .pattern = "/admin/log-level",
          .operation = "setLogLevel",
          .summary =
              "Says more or less in the log, until the service ends; on the operators' "
              "listener.",
          .handle = ChangeLogLevel,
          .bodies = {{"application/json", Shape::kLogLevel}},
          .answers = {{200, "It is so from now on.", "application/json", Shape::kLogLevel}},
          .problems = WithAdminProblems({}),
          .body_byte_count_max = limits::kAdminByteCountMax,
          .is_write = true};
}

}  // namespace

std::vector<Route> AdminRoutes() {
  return {
      EraseRoute(), ReconcileRoute(), BackupRoute(), MoveRoute(), ReleaseRoute(), LogLevelRoute()};
}

}  // namespace datastorage::http
