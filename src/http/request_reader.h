// RequestReader: turns the bytes of a connection into one request. Beast parses the grammar; the
// strictness that keeps two servers from reading one stream differently (line ends, folding,
// lengths, Host) is checked here, on the raw head.
//
// Threads: one reader belongs to one connection.
// Errors:  every malformed request becomes a Refusal; the connection must then be closed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "http/message.h"

namespace datastorage::http {

struct ReaderLimits {
  std::size_t header_byte_count_max = 0;
  std::size_t uri_byte_count_max = 0;
};

enum class ReadProgress : std::uint8_t { kNeedsMore, kComplete, kRefused };

class RequestReader {
 public:
  explicit RequestReader(const ReaderLimits& limits);
  ~RequestReader();
  RequestReader(const RequestReader&) = delete;
  RequestReader& operator=(const RequestReader&) = delete;

  // Both take what they can from the front of `buffer`, and leave what follows the request.
  ReadProgress TakeHead(std::string& buffer);
  // Appends to request().body; a caller may empty it in between. REQUIRES: TakeHead completed.
  ReadProgress TakeBody(std::string& buffer);

  // Of the whole body; absent: unlimited. Refuses at once when the announced length is over it.
  ReadProgress LimitBody(std::optional<std::uint64_t> byte_count_max);

  Request& request() { return request_; }
  const Refusal& refusal() const { return refusal_; }
  bool keeps_connection() const;
  bool expects_continue() const { return expects_continue_; }
  bool is_http_1_0() const { return is_http_1_0_; }
  bool has_body() const;  // Announced, and not yet complete.

 private:
  class Parser;

  ReadProgress Refuse(int status, std::string_view reason, std::string detail);
  ReadProgress RefuseLongHead(const std::string& buffer);
  ReadProgress CheckHead();
  ReadProgress AwaitMore(std::string_view buffer);
  ReadProgress CheckFraming();

  ReaderLimits limits_;
  Request request_;
  Refusal refusal_;
  std::unique_ptr<Parser> parser_;
  std::size_t scanned_ = 0;  // Bytes of the buffer known not to end the head.
  std::uint64_t body_byte_count_ = 0;
  std::optional<std::uint64_t> body_byte_count_max_;
  bool expects_continue_ = false;
  std::size_t target_byte_count_ = 0;
  bool is_http_1_0_ = false;
};

}  // namespace datastorage::http
