// Handlers of the operators' routes. They are served on the metrics listener only.
#pragma once

#include "http/route.h"

namespace datastorage::http {

Response EraseRecord(const Call& call);
Response ReconcileIndexes(const Call& call);
Response MakeBackup(const Call& call);
Response MoveSearches(const Call& call);
Response ReleaseParked(const Call& call);
Response ChangeLogLevel(const Call& call);

}  // namespace datastorage::http
