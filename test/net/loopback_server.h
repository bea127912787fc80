// LoopbackServer: answers HTTP on a port of its own with what a function says, for tests of
// clients. Real sockets, one thread a connection, nothing of the service.
#pragma once

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
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
  std::string Header(std::string_view name) const {
    std::string lower = head;
    std::ranges::transform(lower, lower.begin(), [](unsigned char c) { return std::tolower(c); });
    const std::string key = "\r\n" + std::string(name) + ": ";
    const std::size_t at = lower.find(key);
    if (at == std::string::npos) return {};
    const std::size_t begin = at + key.size();
    return head.substr(begin, head.find("\r\n", begin) - begin);
  }
};

// `raw` goes out as it is; "" closes the connection without an answer.
using Responder = std::function<std::string(const SeenRequest&)>;

inline std::string Answer(int status, std::string_view body, std::string_view headers = {}) {
  return "HTTP/1.1 " + std::to_string(status) +
         " X\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" + std::string(headers) +
         "\r\n" + std::string(body);
}

class LoopbackServer {
 public:
  explicit LoopbackServer(Responder respond) : respond_(std::move(respond)) {
    listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    socklen_t size = sizeof address;
    if (bind(listener_, generic, size) != 0 || listen(listener_, 64) != 0) std::abort();
    getsockname(listener_, generic, &size);
    port_ = ntohs(address.sin_port);
    acceptor_ = std::thread([this] { Accept(); });
  }
  ~LoopbackServer() { Stop(); }

  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }
  std::vector<SeenRequest> requests() const {
    const std::lock_guard lock(mutex_);
    return requests_;
  }
  int connection_count() const {
    const std::lock_guard lock(mutex_);
    return static_cast<int>(connections_.size());
  }

  // Cuts every connection and refuses new ones.
  void Stop() {
    if (listener_ < 0) return;
    shutdown(listener_, SHUT_RDWR);
    acceptor_.join();
    close(listener_);
    listener_ = -1;
    for (const int connection : connections_) shutdown(connection, SHUT_RDWR);
    for (std::thread& session : sessions_) session.join();
    for (const int connection : connections_) close(connection);
  }

 private:
  void Accept() {
    for (int fd = accept(listener_, nullptr, nullptr); fd >= 0;
         fd = accept(listener_, nullptr, nullptr)) {
      const std::lock_guard lock(mutex_);
      connections_.push_back(fd);
      sessions_.emplace_back([this, fd] { Serve(fd); });
    }
  }

  void Serve(int fd) {
    std::string unread;
    SeenRequest request;
    while (ReadRequest(fd, unread, request)) {
      {
        const std::lock_guard lock(mutex_);
        requests_.push_back(request);
      }
      const std::string raw = respond_(request);
      if (raw.empty()) break;
      send(fd, raw.data(), raw.size(), MSG_NOSIGNAL);
    }
    shutdown(fd, SHUT_RDWR);
  }

  static bool ReadUntil(int fd, std::string& unread, std::size_t& end, std::string_view mark) {
    char bytes[4096];
    for (end = unread.find(mark); end == std::string::npos; end = unread.find(mark)) {
      const ssize_t count = recv(fd, bytes, sizeof bytes, 0);
      if (count <= 0) return false;
      unread.append(bytes, static_cast<std::size_t>(count));
    }
    return true;
  }

  static bool ReadBytes(int fd, std::string& unread, std::size_t size, std::string& out) {
    char bytes[4096];
    while (unread.size() < size) {
      const ssize_t count = recv(fd, bytes, sizeof bytes, 0);
      if (count <= 0) return false;
      unread.append(bytes, static_cast<std::size_t>(count));
    }
    out += unread.substr(0, size);
    unread.erase(0, size);
    return true;
  }

  static bool ReadRequest(int fd, std::string& unread, SeenRequest& request) {
    request = {};
    std::size_t end = 0;
    if (!ReadUntil(fd, unread, end, "\r\n\r\n")) return false;
    if (!ReadBytes(fd, unread, end + 4, request.head)) return false;
    const std::size_t space = request.head.find(' ');
    request.method = request.head.substr(0, space);
    request.target = request.head.substr(space + 1, request.head.find(' ', space + 1) - space - 1);
    const std::string length = request.Header("content-length");
    if (!length.empty()) return ReadBytes(fd, unread, std::stoul(length), request.body);
    if (request.Header("transfer-encoding") != "chunked") return true;
    while (ReadUntil(fd, unread, end, "\r\n")) {
      const std::size_t size = std::stoul(unread.substr(0, end), nullptr, 16);
      unread.erase(0, end + 2);
      std::string line_end;
      const bool is_whole =
          ReadBytes(fd, unread, size, request.body) && ReadBytes(fd, unread, 2, line_end);
      if (!is_whole || size == 0) return is_whole;
    }
    return false;
  }

  Responder respond_;
  int listener_ = -1;
  std::uint16_t port_ = 0;
  mutable std::mutex mutex_;
  std::vector<SeenRequest> requests_;
  std::vector<int> connections_;
  std::vector<std::thread> sessions_;
  std::thread acceptor_;
};

}  // namespace datastorage::test
