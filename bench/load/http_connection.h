// HttpConnection: one kept-alive connection with one request under way at most. It reads just as
// much of HTTP as our own service speaks to it: a status, a length, a body.
//
// Threads: none. The socket never blocks a reader; it may block whoever sends more than it holds.
#pragma once

#include <netinet/in.h>

#include <optional>
#include <string>
#include <string_view>

namespace datastorage::load {

struct HttpAnswer {
  int status = 0;  // 0: the connection ended instead.
  std::string_view body{};
};

// Of "http://127.0.0.1:8080"; ends the program when it is none.
sockaddr_in AddressOf(const std::string& url);

class HttpConnection {
 public:
  // Ends the program when nobody answers there.
  explicit HttpConnection(const sockaddr_in& address);
  ~HttpConnection();
  HttpConnection(const HttpConnection&) = delete;
  HttpConnection& operator=(const HttpConnection&) = delete;

  int descriptor() const { return descriptor_; }
  // REQUIRES: no request is under way. False: the connection has ended.
  bool Send(std::string_view request);
  // Reads what has come; the answer once it is whole, valid until the next call. After a status of
  // 0 the connection is of no use.
  std::optional<HttpAnswer> Read();

 private:
  std::optional<HttpAnswer> Parse();

  int descriptor_ = -1;
  std::string received_;
  std::size_t answered_byte_count_ = 0;  // Of received_, the last answer's.
};

}  // namespace datastorage::load
