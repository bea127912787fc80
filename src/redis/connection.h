// Connection: commands to one Redis server and its answers, in order.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "redis/address.h"
#include "redis/stream.h"

struct redisReader;  // NOLINT(readability-identifier-naming): the name is hiredis's.

namespace datastorage::redis {

using Command = std::vector<std::string_view>;

struct Reply {
  enum class Kind : std::uint8_t { kText, kNil, kError, kOther };
  Kind kind = Kind::kOther;
  std::string text;  // Of kText; the server's words of kError, never to be shown.
};

// What an answer of Kind::kError means, by its first word; never the server's own text.
Error ErrorOf(const Reply& reply);

// Not thread-safe.
class Connection {
 public:
  // Connected, logged in, on its database, and with a PING answered. Errors: kUnavailable,
  // kDeadlineExceeded, kInvalidArgument (certificate files).
  static Result<std::unique_ptr<Connection>> Open(const Address& address, Deadline deadline);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // Sends all, then reads one reply a command. REQUIRES: at most kRedisPipelineCountMax.
  // Errors: kUnavailable, kDeadlineExceeded; the connection is of no use afterwards.
  Result<std::vector<Reply>> Exchange(std::span<const Command> commands, Deadline deadline);

 private:
  explicit Connection(std::unique_ptr<Stream> stream);
  Result<void> LogIn(const Address& address, Deadline deadline);
  // The next reply; reads where it has not come whole. `room`: bytes that may still come.
  Result<Reply> ReadReply(std::size_t& room, Deadline deadline);

  std::unique_ptr<Stream> stream_;
  redisReader* reader_;
};

}  // namespace datastorage::redis
