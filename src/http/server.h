// Server: the listening side of HTTP/1.1. One network thread reads and writes all connections;
// handlers run on a bounded pool of workers, so a blocking handler stalls nobody but itself.
//
// Threads:   Start, Stop and port may be called from one thread at a time.
// Ownership: keeps a reference to the handler, which must outlive it.
// Overload:  a full queue, too many connections or too many bytes in flight answer 503.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "base/limits.h"
#include "base/result.h"
#include "http/message.h"

namespace datastorage::http {

struct ServerOptions {
  std::string host = "127.0.0.1";  // An address of this machine's loopback, or "localhost".
  std::uint16_t port = 0;          // 0: any free one.
  std::size_t worker_count = 32;
  std::size_t queue_count_max = limits::kRequestQueueCountMax;
  std::size_t connection_count_max = limits::kConnectionCountMax;
  std::size_t body_byte_count_max = limits::kBodiesByteCountMax;  // Of all requests together.
  std::size_t header_byte_count_max = limits::kHeaderByteCountMax;
  std::size_t uri_byte_count_max = limits::kUriByteCountMax;
  // From the first byte of a head, and of a body, to its last. A streamed body: of each line.
  std::chrono::milliseconds header_timeout = limits::kHeaderTimeout;
  std::chrono::milliseconds body_timeout = limits::kBodyTimeout;
  // Between two requests of a connection.
  std::chrono::milliseconds idle_timeout = limits::kIdleTimeout;
  // For each part of an answer of limits::kWritePartByteCount.
  std::chrono::milliseconds write_timeout = limits::kWriteTimeout;
};

class Server {
 public:
  Server(RequestHandler& handler, const ServerOptions& options);
  // Stops without waiting for requests in flight, except those inside a handler.
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // Listens and serves until Stop. Errors: kInvalidArgument (not a loopback address),
  // kUnavailable (the port is taken, or may not be used).
  Result<void> Start();

  // The port listened on. REQUIRES: started.
  std::uint16_t port() const;

  // Takes no new connections, lets requests in flight finish for that long, then closes what is
  // left. Returns when no handler runs any more. Does nothing when not started.
  void Stop(Duration finish_within);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace datastorage::http
