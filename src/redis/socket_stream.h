// SocketStream: a non-blocking socket whose waits end at a deadline.
#pragma once

#include <memory>

#include "redis/address.h"
#include "redis/stream.h"

namespace datastorage::redis {

class SocketStream final : public Stream {
 public:
  // The look-up of a host's name is the system's and may take longer than the deadline.
  // Errors: kUnavailable, kDeadlineExceeded; kInvalidArgument for a path that is too long.
  static Result<std::unique_ptr<SocketStream>> Connect(const Address& address, Deadline deadline);
  ~SocketStream() override;
  SocketStream(const SocketStream&) = delete;
  SocketStream& operator=(const SocketStream&) = delete;

  Result<void> Send(std::string_view bytes, Deadline deadline) override;
  Result<std::size_t> Receive(std::span<char> buffer, Deadline deadline) override;

 private:
  explicit SocketStream(int fd) : fd_(fd) {}

  int fd_;
};

}  // namespace datastorage::redis
