// Handlers of POST /api/v1/audit/batch: a JSON array as a whole, or NDJSON while it arrives.
#pragma once

#include <memory>

#include "http/route.h"

namespace datastorage::http {

Response CreateBatch(const Call& call);
std::unique_ptr<BodyStream> StreamBatch(const Call& call);

}  // namespace datastorage::http
