// Sessions with the shared server of the tests, in a database of their own.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "postgres/connection.h"
#include "support/postgres_server.h"

namespace datastorage::postgres {

// Waits long enough for a busy machine.
inline Deadline Soon() {
  return Deadline::In(std::chrono::seconds(30));
}

// A session, or the end of the test.
inline std::unique_ptr<Connection> OpenSession(const std::string& conninfo) {
  ConnectionOptions options{.conninfo = conninfo};
  options.connect_timeout = std::chrono::seconds(30);
  auto opened = Connection::Open(options, Soon());
  if (!opened.has_value()) ADD_FAILURE() << opened.error().message;
  return opened.has_value() ? *std::move(opened) : nullptr;
}

// The code of what failed; nothing when nothing did.
template <class Value>
std::optional<ErrorCode> CodeOf(const Result<Value>& result) {
  return result.has_value() ? std::nullopt : std::optional(result.error().code);
}

}  // namespace datastorage::postgres
