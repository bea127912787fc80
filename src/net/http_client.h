// HttpClient: outgoing HTTP/1.1. The only folder that knows libcurl; whoever speaks to another
// server over HTTP stands on this.
//
// Threads:     Send may be called concurrently; each call blocks its own thread.
// Retries:     none, but for an idempotent request whose kept connection turns out to be dead
//              before a byte of an answer came; that one takes a new connection.
// Not done:    redirects, proxies and cookies; the environment is not read.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

namespace datastorage::net {

struct HttpHeader {
  std::string name;
  std::string value;
};

struct HttpRequest {
  std::string method = "GET";
  std::string url;  // http:// or https://, already percent-encoded.
  std::vector<HttpHeader> headers;
  std::string body;

  // When set, the body is streamed from here in place of `body`: fills up to `size` bytes and
  // returns how many; 0 ends the body.
  std::function<std::size_t(char* buffer, std::size_t size)> body_source;

  // When set, the lines of a 2xx answer go here as they arrive, without their line feed, and the
  // answer's `body` stays empty. Called on the thread of Send.
  std::function<void(std::string_view line)> line_sink;

  // Whether doing it twice does no harm. Decides what a failure after sending means:
  // kOutcomeUnknown for a request that is not idempotent.
  bool is_idempotent = true;
};

struct HttpResponse {
  int status = 0;
  std::vector<HttpHeader> headers;
  std::string body;

  // The value of the first header of that name, any case; nullptr when absent.
  const std::string* FindHeader(std::string_view name) const;
};

struct HttpClientOptions {
  std::size_t connection_count_max = 8;  // Requests at a time; further ones wait for a slot.
  std::chrono::milliseconds connect_timeout{3'000};
  std::chrono::milliseconds stall_timeout{60'000};  // No byte either way for so long.
  std::size_t response_byte_count_max = std::size_t{96} << 20;
  std::size_t line_byte_count_max = std::size_t{4} << 20;  // Of one line given to `line_sink`.
  std::string authority_file{};  // Certificates to trust for https; empty: the system's.
  std::string user_agent = "datastorage";
};

class HttpClient {
 public:
  explicit HttpClient(HttpClientOptions options);
  ~HttpClient();
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  // Any status is an answer; errors are the failures to get one.
  // Errors: kInvalidArgument (the URL), kUnavailable (refused, unresolvable, cut before an answer),
  // kDeadlineExceeded, kResourceExhausted (an answer beyond the bounds), kOutcomeUnknown (a request
  // that is not idempotent was sent and its answer did not arrive whole), kInternal.
  Result<HttpResponse> Send(const HttpRequest& request, Deadline deadline);

 private:
  class Pool;
  HttpClientOptions options_;
  std::unique_ptr<Pool> pool_;
};

// Percent-encodes everything but the unreserved characters of RFC 3986.
std::string PercentEncode(std::string_view text);

}  // namespace datastorage::net
