// LoopbackServer: answers HTTP on a port of its own with what a function says, for tests of
// clients. Real sockets, one thread a connection, nothing of the service.
#pragma once

#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace datastorage::test {

struct SeenRequest {
  std::string method;
  std::string target;  // Path and query.
  std::string head;    // Everything before the body.
  std::string body;    // Chunks joined.

  // The value of a header, "" when absent. `name` in lower case.
  std::string Header(std::string_view name) const;
};

// The bytes to send, as they are; "" closes the connection without an answer, a header
// "Connection: close" after it. Called on the connection's thread.
using Responder = std::function<std::string(const SeenRequest&)>;

// A whole answer. `headers` end with "\r\n" each.
std::string Answer(int status, std::string_view body, std::string_view headers = {});

class LoopbackServer {
 public:
  explicit LoopbackServer(Responder respond);
  ~LoopbackServer() { Stop(); }
  LoopbackServer(const LoopbackServer&) = delete;
  LoopbackServer& operator=(const LoopbackServer&) = delete;

  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }
  std::vector<SeenRequest> requests() const;
  int connection_count() const;

  // Cuts every connection and refuses new ones.
  void Stop();

 private:
  void Accept();
  void Serve(int fd);

  Responder respond_;
  int listener_ = -1;
  std::uint16_t port_ = 0;
  mutable std::mutex mutex_;
  std::vector<SeenRequest> requests_;
  std::vector<int> connections_;
  std::vector<std::thread> sessions_;
  std::thread acceptor_;
};

// The address of a server that is no more: connections are refused.
std::string DeadUrl();

}  // namespace datastorage::test
