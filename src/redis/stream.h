// Stream: bytes to and from a server, plain or through TLS, never waiting past a deadline.
#pragma once

#include <span>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"

namespace datastorage::redis {

// After an error the stream is of no use. Not thread-safe.
class Stream {
 public:
  virtual ~Stream() = default;

  // Errors of both: kUnavailable (the connection is lost), kDeadlineExceeded.
  virtual Result<void> Send(std::string_view bytes, Deadline deadline) = 0;
  // At least one byte; how many.
  virtual Result<std::size_t> Receive(std::span<char> buffer, Deadline deadline) = 0;
};

}  // namespace datastorage::redis
