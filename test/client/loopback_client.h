// Options for a client of a LoopbackServer, and the names that such tests share.
#pragma once

#include "client/transport.h"
#include "support/loopback_server.h"

namespace datastorage::client {

using test::Answer;
using test::LoopbackServer;
using test::SeenRequest;

inline ClientOptions At(const LoopbackServer& server) {
  ClientOptions options;
  options.server = server.url() + "/";
  return options;
}

}  // namespace datastorage::client
