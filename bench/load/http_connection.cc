#include "bench/load/http_connection.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cerrno>
#include <charconv>

#include "bench/load/stage.h"

namespace datastorage::load {
namespace {

constexpr std::string_view kEndOfHead = "\r\n\r\n";

// The value of a header, "" when it is not there. `name` in lower case, with its colon.
std::string_view HeaderOf(std::string_view head, std::string_view name) {
  const auto is_same = [](char a, char b) {
    return std::tolower(static_cast<unsigned char>(a)) == b;
  };
  const auto found = std::search(head.begin(), head.end(), name.begin(), name.end(), is_same);
  if (found == head.end()) return {};
  std::string_view value =
      head.substr(static_cast<std::size_t>(found - head.begin()) + name.size());
  value = value.substr(0, value.find('\r'));
  while (value.starts_with(' ')) value.remove_prefix(1);
  return value;
}

std::size_t NumberOf(std::string_view text) {
  std::size_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

}  // namespace

sockaddr_in AddressOf(const std::string& url) {
  constexpr std::string_view kScheme = "http://";
  const std::size_t colon = url.rfind(':');
  sockaddr_in address{};
  address.sin_family = AF_INET;
  if (!url.starts_with(kScheme) || colon < kScheme.size()) GiveUp(url + " is no http://HOST:PORT");
  const std::string host = url.substr(kScheme.size(), colon - kScheme.size());
  address.sin_port = htons(static_cast<std::uint16_t>(NumberOf(url.substr(colon + 1))));
  if (inet_pton(AF_INET, host.c_str(), &address.sin_addr) != 1) GiveUp(host + " is no address");
  return address;
}

HttpConnection::HttpConnection(const sockaddr_in& address)
    : descriptor_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  const auto* const generic = reinterpret_cast<const sockaddr*>(&address);
  if (descriptor_ < 0 || connect(descriptor_, generic, sizeof address) != 0) {
    GiveUp("cannot connect to the service");
  }
  const int on = 1;
  setsockopt(descriptor_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  fcntl(descriptor_, F_SETFL, O_NONBLOCK);
}

HttpConnection::~HttpConnection() {
  close(descriptor_);
}

bool HttpConnection::Send(std::string_view request) {
  received_.erase(0, answered_byte_count_);
  answered_byte_count_ = 0;
  while (!request.empty()) {
    const ssize_t sent = send(descriptor_, request.data(), request.size(), MSG_NOSIGNAL);
    if (sent > 0) {
      request.remove_prefix(static_cast<std::size_t>(sent));
    } else if (errno == EAGAIN) {
      pollfd writable{.fd = descriptor_, .events = POLLOUT, .revents = 0};
      poll(&writable, 1, -1);
    } else if (errno != EINTR) {
      return false;
    }
  }
  return true;
}

std::optional<HttpAnswer> HttpConnection::Read() {
  static thread_local std::array<char, 65'536> part;
  while (true) {
    const ssize_t count = recv(descriptor_, part.data(), part.size(), 0);
    if (count == 0 || (count < 0 && errno != EAGAIN && errno != EINTR)) return HttpAnswer{};
    if (count < 0) return std::nullopt;
    received_.append(part.data(), static_cast<std::size_t>(count));
    if (std::optional<HttpAnswer> answer = Parse(); answer.has_value()) return answer;
  }
}

std::optional<HttpAnswer> HttpConnection::Parse() {
  const std::string_view received = received_;
  const std::size_t end = received.find(kEndOfHead);
  if (end == std::string_view::npos) return std::nullopt;
  const std::string_view head = received.substr(0, end + kEndOfHead.size());
  constexpr std::size_t kStatusAt = 9;  // After "HTTP/1.1 ".
  if (!head.starts_with("HTTP/1.1 ")) GiveUp("the answer is not HTTP/1.1");
  if (!HeaderOf(head, "\r\ntransfer-encoding:").empty()) GiveUp("the answer comes in chunks");
  const std::size_t length = NumberOf(HeaderOf(head, "\r\ncontent-length:"));
  if (received.size() < head.size() + length) return std::nullopt;
  answered_byte_count_ = head.size() + length;
  return HttpAnswer{static_cast<int>(NumberOf(received.substr(kStatusAt, 3))),
                    received.substr(head.size(), length)};
}

}  // namespace datastorage::load
