// From libcurl's result codes to our closed list of errors.
#pragma once

#include <curl/curl.h>

#include "base/error.h"

namespace datastorage::net {

// `may_have_acted`: the request was sent, at least in part, and is not idempotent.
Error TranslateCurlError(CURLcode code, bool may_have_acted);

}  // namespace datastorage::net
