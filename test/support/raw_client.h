// RawClient: a TCP connection to 127.0.0.1 that says exactly what a test wants said.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace datastorage {

struct RawAnswer {
  int status = 0;
  std::vector<std::pair<std::string, std::string>> headers;  // Names in lower case.
  std::string body;                                          // Without chunked coding.
  bool is_cut = false;  // The connection ended before the body did.

  std::string Header(std::string_view name) const;  // Empty when absent.
};

class RawClient {
 public:
  explicit RawClient(std::uint16_t port);
  ~RawClient();
  RawClient(RawClient&& other) noexcept : socket_(std::exchange(other.socket_, -1)) {}
  RawClient(const RawClient&) = delete;
  RawClient& operator=(const RawClient&) = delete;

  // False when the server has closed the connection.
  bool Send(std::string_view bytes);
  void FinishSending();
  // The next answer; nullopt when the connection ends, or stays silent for ten seconds, first.
  std::optional<RawAnswer> Receive(bool has_body = true);
  // Reads until the text has come; what came before it and itself.
  std::string ReceiveUntil(std::string_view text);
  // Whether something, if only the end, can be received by then.
  bool HasAnswerWithin(std::chrono::milliseconds time);
  // Whether the server closes the connection within ten seconds, without sending more.
  bool IsClosed();

  // Sends and receives.
  std::optional<RawAnswer> Ask(std::string_view bytes);

 private:
  bool ReadMore();
  std::optional<std::string> TakeLine();
  void TakeBody(RawAnswer& answer);
  void TakeChunks(RawAnswer& answer);
  bool Take(std::size_t byte_count, std::string& into);

  int socket_ = -1;
  std::string buffer_;
};

// One request on a connection of its own.
RawAnswer Ask(std::uint16_t port, std::string_view bytes);

// "GET /path HTTP/1.1" with Host and the given header lines, each ending in CRLF.
std::string Get(std::string_view target, std::string_view headers = {});
std::string Post(std::string_view target, std::string_view body, std::string_view headers = {});

}  // namespace datastorage
