#include "support/raw_client.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <charconv>

namespace datastorage {
namespace {

constexpr int kPatienceMilliseconds = 10'000;

std::string ToLower(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return lower;
}

std::size_t ParseNumber(std::string_view text, int base) {
  std::size_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number, base);
  return number;
}

}  // namespace

std::string RawAnswer::Header(std::string_view name) const {
  for (const auto& [key, value] : headers) {
    if (key == name) return value;
  }
  return {};
}

RawClient::RawClient(std::uint16_t port) : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
    ::close(socket_);
    socket_ = -1;
  }
}

RawClient::~RawClient() {
  if (socket_ >= 0) ::close(socket_);
}

bool RawClient::Send(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (count <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
  return true;
}

void RawClient::FinishSending() {
  ::shutdown(socket_, SHUT_WR);
}

bool RawClient::ReadMore() {
  pollfd waiting{socket_, POLLIN, 0};
  if (socket_ < 0 || ::poll(&waiting, 1, kPatienceMilliseconds) <= 0) return false;
  std::array<char, 65'536> bytes{};
  const ssize_t count = ::recv(socket_, bytes.data(), bytes.size(), 0);
  if (count <= 0) return false;
  buffer_.append(bytes.data(), static_cast<std::size_t>(count));
  return true;
}

std::optional<std::string> RawClient::TakeLine() {
  std::size_t end = buffer_.find("\r\n");
  while (end == std::string::npos) {
    if (!ReadMore()) return std::nullopt;
    end = buffer_.find("\r\n");
  }
  std::string line = buffer_.substr(0, end);
  buffer_.erase(0, end + 2);
  return line;
}

bool RawClient::Take(std::size_t byte_count, std::string& into) {
  while (buffer_.size() < byte_count) {
    if (!ReadMore()) return false;
  }
  into += buffer_.substr(0, byte_count);
  buffer_.erase(0, byte_count);
  return true;
}

void RawClient::TakeChunks(RawAnswer& answer) {
  while (true) {
    const std::optional<std::string> size_line = TakeLine();
    answer.is_cut = !size_line.has_value();
    if (answer.is_cut) return;
    const std::size_t size = ParseNumber(*size_line, 16);
    answer.is_cut = !Take(size, answer.body) || !TakeLine().has_value();
    if (answer.is_cut || size == 0) return;
  }
}

void RawClient::TakeBody(RawAnswer& answer) {
  if (answer.Header("transfer-encoding") == "chunked") {
    TakeChunks(answer);
  } else if (const std::string length = answer.Header("content-length"); !length.empty()) {
    answer.is_cut = !Take(ParseNumber(length, 10), answer.body);
  }
}

std::optional<RawAnswer> RawClient::Receive(bool has_body) {
  const std::optional<std::string> status_line = TakeLine();
  if (!status_line.has_value() || status_line->size() < 12) return std::nullopt;
  RawAnswer answer;
  answer.status = static_cast<int>(ParseNumber(status_line->substr(9, 3), 10));
  while (true) {
    const std::optional<std::string> line = TakeLine();
    if (!line.has_value()) return std::nullopt;
    if (line->empty()) break;
    const std::size_t colon = line->find(": ");
    if (colon == std::string::npos) return std::nullopt;
    answer.headers.emplace_back(ToLower(line->substr(0, colon)), line->substr(colon + 2));
  }
  if (has_body && answer.status >= 200) TakeBody(answer);
  return answer;
}

std::string RawClient::ReceiveUntil(std::string_view text) {
  std::size_t found = buffer_.find(text);
  while (found == std::string::npos && ReadMore()) found = buffer_.find(text);
  const std::size_t end = found == std::string::npos ? buffer_.size() : found + text.size();
  std::string taken = buffer_.substr(0, end);
  buffer_.erase(0, end);
  return taken;
}

bool RawClient::HasAnswerWithin(std::chrono::milliseconds time) {
  pollfd waiting{socket_, POLLIN, 0};
  return !buffer_.empty() || ::poll(&waiting, 1, static_cast<int>(time.count())) > 0;
}

bool RawClient::IsClosed() {
  if (!buffer_.empty()) return false;
  pollfd waiting{socket_, POLLIN, 0};
  if (::poll(&waiting, 1, kPatienceMilliseconds) <= 0) return false;
  char byte = 0;
  return ::recv(socket_, &byte, 1, 0) <= 0;
}

std::optional<RawAnswer> RawClient::Ask(std::string_view bytes) {
  Send(bytes);
  return Receive(!bytes.starts_with("HEAD "));
}

RawAnswer Ask(std::uint16_t port, std::string_view bytes) {
  return RawClient(port).Ask(bytes).value_or(RawAnswer());
}

std::string Get(std::string_view target, std::string_view headers) {
  std::string text = "GET ";
  text += target;
  text += " HTTP/1.1\r\nHost: test\r\n";
  text += headers;
  text += "\r\n";
  return text;
}

std::string Post(std::string_view target, std::string_view body, std::string_view headers) {
  std::string text = "POST ";
  text += target;
  text += " HTTP/1.1\r\nHost: test\r\nContent-Type: application/json\r\n";
  text += headers;
  text += "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n";
  text += body;
  return text;
}

}  // namespace datastorage
