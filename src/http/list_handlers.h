// Handlers that answer many records without a search.
#pragma once

#include "http/route.h"

namespace datastorage::http {

Response ListRecords(const Call& call);
// `?ids=`: records of any kind by id or key.
Response LookUpRecords(const Call& call);

}  // namespace datastorage::http
