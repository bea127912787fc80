#include "support/loopback_server.h"

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cstdlib>

namespace datastorage::test {
namespace {

// What has come on a connection and was not taken yet.
class Inbox {
 public:
  explicit Inbox(int fd) : fd_(fd) {}

  // Up to and with `mark`; false when the connection ends before.
  bool TakeThrough(std::string_view mark, std::string& out) {
    std::size_t end = unread_.find(mark);
    while (end == std::string::npos) {
      if (!Receive()) return false;
      end = unread_.find(mark);
    }
    return Take(end + mark.size(), out);
  }

  bool Take(std::size_t size, std::string& out) {
    while (unread_.size() < size) {
      if (!Receive()) return false;
    }
    out += unread_.substr(0, size);
    unread_.erase(0, size);
    return true;
  }

 private:
  bool Receive() {
    char bytes[4096];
    const ssize_t count = recv(fd_, bytes, sizeof bytes, 0);
    if (count > 0) unread_.append(bytes, static_cast<std::size_t>(count));
    return count > 0;
  }

  int fd_;
  std::string unread_;
};

bool ReadChunks(Inbox& inbox, std::string& body) {
  while (true) {
    std::string size_line;
    if (!inbox.TakeThrough("\r\n", size_line)) return false;
    const std::size_t size = std::stoul(size_line, nullptr, 16);
    std::string line_end;
    if (!inbox.Take(size, body) || !inbox.Take(2, line_end)) return false;
    if (size == 0) return true;
  }
}

bool ReadRequest(Inbox& inbox, SeenRequest& request) {
  if (!inbox.TakeThrough("\r\n\r\n", request.head)) return false;
  const std::size_t space = request.head.find(' ');
  request.method = request.head.substr(0, space);
  request.target = request.head.substr(space + 1, request.head.find(' ', space + 1) - space - 1);
  const std::string length = request.Header("content-length");
  if (!length.empty()) return inbox.Take(std::stoul(length), request.body);
  return request.Header("transfer-encoding") != "chunked" || ReadChunks(inbox, request.body);
}

}  // namespace

std::string SeenRequest::Header(std::string_view name) const {
  std::string lower = head;
  std::ranges::transform(lower, lower.begin(), [](unsigned char letter) {
    return static_cast<char>(std::tolower(letter));
  });
  const std::string key = "\r\n" + std::string(name) + ": ";
  const std::size_t at = lower.find(key);
  if (at == std::string::npos) return {};
  const std::size_t begin = at + key.size();
  return head.substr(begin, head.find("\r\n", begin) - begin);
}

std::string Answer(int status, std::string_view body, std::string_view headers) {
  return "HTTP/1.1 " + std::to_string(status) +
         " X\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" + std::string(headers) +
         "\r\n" + std::string(body);
}

LoopbackServer::LoopbackServer(Responder respond) : respond_(std::move(respond)) {
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

std::vector<SeenRequest> LoopbackServer::requests() const {
  const std::lock_guard lock(mutex_);
  return requests_;
}

int LoopbackServer::connection_count() const {
  const std::lock_guard lock(mutex_);
  return static_cast<int>(connections_.size());
}

void LoopbackServer::Stop() {
  if (listener_ < 0) return;
  shutdown(listener_, SHUT_RDWR);
  acceptor_.join();
  close(listener_);
  listener_ = -1;
  for (const int connection : connections_) shutdown(connection, SHUT_RDWR);
  for (std::thread& session : sessions_) session.join();
  for (const int connection : connections_) close(connection);
}

void LoopbackServer::Accept() {
  for (int fd = accept(listener_, nullptr, nullptr); fd >= 0;
       fd = accept(listener_, nullptr, nullptr)) {
    const std::lock_guard lock(mutex_);
    connections_.push_back(fd);
    sessions_.emplace_back([this, fd] { Serve(fd); });
  }
}

void LoopbackServer::Serve(int fd) {
  Inbox inbox(fd);
  while (true) {
    SeenRequest request;
    if (!ReadRequest(inbox, request)) break;
    {
      const std::lock_guard lock(mutex_);
      requests_.push_back(request);
    }
    const std::string raw = respond_(request);
    if (raw.empty()) break;
    send(fd, raw.data(), raw.size(), MSG_NOSIGNAL);
    if (raw.find("\r\nConnection: close\r\n") != std::string::npos) break;
  }
  shutdown(fd, SHUT_RDWR);
}

std::string DeadUrl() {
  const LoopbackServer server([](const SeenRequest&) { return std::string(); });
  return server.url();
}

}  // namespace datastorage::test
