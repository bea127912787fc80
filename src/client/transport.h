// Transport: sends a request with retries and turns its answer, or the lack of one, into a Result.
// Private to the client library: the public headers do not include it.
#pragma once

#include <string>
#include <string_view>

#include "base/clock.h"
#include "client/client.h"
#include "net/http_client.h"

namespace datastorage::client {

// Turns an answer with a status of 400 and above into an Error.
Error ErrorFromResponse(const net::HttpResponse& response);
// Turns the `error` member of a batch item, itself a problem document, into an Error.
Error ErrorFromProblem(int status, std::string_view problem_json);
// Turns a failure to get an answer into an Error. `server` is named in the message.
Error ErrorFromTransport(const datastorage::Error& error, const std::string& server);

class Client::Transport {
 public:
  explicit Transport(ClientOptions options);

  // `path` begins with "/"; parameters are appended percent-encoded.
  std::string Url(std::string_view path, const Parameters& parameters = {}) const;

  // Retries as client.h promises; the answer has a status below 400.
  Result<net::HttpResponse> Send(net::HttpRequest& request);
  // One try; any status is an answer.
  Result<net::HttpResponse> SendOnce(const net::HttpRequest& request);
  // One try without a total timeout: ends when nothing moves any more.
  Result<net::HttpResponse> SendStream(const net::HttpRequest& request);

 private:
  Result<net::HttpResponse> SendBefore(const net::HttpRequest& request, Deadline deadline);

  ClientOptions options_;
  net::HttpClient http_;
};

}  // namespace datastorage::client
