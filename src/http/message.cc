#include "http/message.h"

#include <array>
#include <cstdio>
#include <ctime>

namespace datastorage::http {
namespace {

// IMF-fixdate of RFC 9110.
std::string DateText(WallTime now) {
  const auto seconds =
      std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch()).count();
  const std::time_t time = static_cast<std::time_t>(seconds);
  std::tm parts{};
  gmtime_r(&time, &parts);
  std::array<char, 40> text{};
  const std::size_t length =
      std::strftime(text.data(), text.size(), "%a, %d %b %Y %H:%M:%S GMT", &parts);
  return std::string(text.data(), length);
}

void AppendHeader(std::string& out, std::string_view name, std::string_view value) {
  out += name;
  out += ": ";
  // A line break in a value would let a client write headers of its own.
  for (const char c : value) out.push_back(c == '\r' || c == '\n' || c == '\0' ? ' ' : c);
  out += "\r\n";
}

}  // namespace

const std::string* Request::Find(std::string_view name) const {
  for (const Header& header : headers) {
    if (header.name == name) return &header.value;
  }
  return nullptr;
}

int Request::CountOf(std::string_view name) const {
  int count = 0;
  for (const Header& header : headers) count += header.name == name ? 1 : 0;
  return count;
}

std::string Request::Joined(std::string_view name) const {
  std::string joined;
  for (const Header& header : headers) {
    if (header.name != name) continue;
    if (!joined.empty()) joined += ", ";
    joined += header.value;
  }
  return joined;
}

std::string_view ReasonPhrase(int status) {
  switch (status) {
    case 200: return "OK";
    case 201: return "Created";
    case 204: return "No Content";
    case 304: return "Not Modified";
    case 400: return "Bad Request";
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    case 406: return "Not Acceptable";
    case 408: return "Request Timeout";
    case 409: return "Conflict";
    case 410: return "Gone";
    case 412: return "Precondition Failed";
    case 413: return "Content Too Large";
    case 414: return "URI Too Long";
    case 415: return "Unsupported Media Type";
    case 422: return "Unprocessable Content";
    case 424: return "Failed Dependency";
    case 428: return "Precondition Required";
    case 429: return "Too Many Requests";
    case 431: return "Request Header Fields Too Large";
    case 500: return "Internal Server Error";
    case 503: return "Service Unavailable";
    default: return "Unknown";
  }
}

std::string HeadText(const Response& response,
                     std::optional<std::size_t> content_length,
                     bool keeps_connection,
                     WallTime now) {
  std::string head = "HTTP/1.1 " + std::to_string(response.status) + " ";
  head += ReasonPhrase(response.status);
  head += "\r\n";
  AppendHeader(head, "Date", DateText(now));
  AppendHeader(head, "Server", "datastorage");
  for (const Header& header : response.headers) AppendHeader(head, header.name, header.value);
  // RFC 9110, 8.6: neither 204 nor 304 describes a body of its own.
  if (!content_length.has_value()) {
    AppendHeader(head, "Transfer-Encoding", "chunked");
  } else if (response.status != 204 && response.status != 304) {
    AppendHeader(head, "Content-Length", std::to_string(*content_length));
  }
  AppendHeader(head, "Connection", keeps_connection ? "keep-alive" : "close");
  head += "\r\n";
  return head;
}

std::string ChunkText(std::string_view text) {
  std::array<char, 24> size{};
  std::snprintf(size.data(), size.size(), "%zx\r\n", text.size());
  std::string chunk = size.data();
  chunk += text;
  chunk += "\r\n";
  return chunk;
}

}  // namespace datastorage::http
