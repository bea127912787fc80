// Handlers of searches.
#pragma once

#include "http/route.h"

namespace datastorage::http {

Response SearchByQuery(const Call& call);
Response SearchByBody(const Call& call);
Response FindSimilar(const Call& call);

}  // namespace datastorage::http
