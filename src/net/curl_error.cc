#include "net/curl_error.h"

#include <string>

namespace datastorage::net {

Error TranslateCurlError(CURLcode code, bool may_have_acted) {
  // Over a hundred codes, of which these have a meaning of their own.
  const int value = static_cast<int>(code);
  switch (value) {
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_URL_MALFORMAT:
      return InvalidArgument("the server's address is not an http or https URL");
    case CURLE_COULDNT_RESOLVE_HOST: return Unavailable("the server's name cannot be resolved");
    case CURLE_COULDNT_CONNECT: return Unavailable("the connection was refused");
    case CURLE_OUT_OF_MEMORY:
    case CURLE_FAILED_INIT: return Internal("the http client could not start the request");
    default: break;
  }
  if (may_have_acted) {
    return OutcomeUnknown("the request was sent, but its answer did not arrive");
  }
  switch (value) {
    case CURLE_OPERATION_TIMEDOUT: return DeadlineExceeded("no answer in time");
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION: return Unavailable("no secure connection could be made");
    default: return Unavailable("the connection broke before an answer arrived");
  }
}

}  // namespace datastorage::net
