// Handlers about the service itself.
#pragma once

#include "http/route.h"

namespace datastorage::http {

Response GetLife(const Call& call);
Response GetReadiness(const Call& call);
Response GetVersion(const Call& call);
Response GetOpenApi(const Call& call);
Response GetMetrics(const Call& call);

}  // namespace datastorage::http
