#include "client/transport.h"

#include <algorithm>
#include <thread>

#include "base/uuid.h"

namespace datastorage::client {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kFirstPause{100};
constexpr milliseconds kLongestPause{5'000};

// A refused connection is not among them: whoever calls learns at once that nobody is there.
bool MayPass(const Error& error) {
  return error.kind == ErrorKind::kTryAgain || error.kind == ErrorKind::kOutcomeUnknown;
}

// What the server asks for; else doubling, with the lower half drawn at random, so that clients
// that failed together do not come back together.
milliseconds PauseAfter(int attempt, const Error& error) {
  if (error.retry_after_seconds) return milliseconds(*error.retry_after_seconds * 1'000);
  const milliseconds longest = std::min(kLongestPause, kFirstPause * (1 << std::min(attempt, 10)));
  const auto half = longest.count() / 2;
  const auto random = static_cast<unsigned>(SystemUuidSource().MakeVersion4().bytes.back());
  return milliseconds(half + half * random / 255);
}

std::string WithoutTrailingSlash(std::string text) {
  while (text.ends_with('/')) text.pop_back();
  return text;
}

ClientOptions Normalized(ClientOptions options) {
  options.server = WithoutTrailingSlash(std::move(options.server));
  return options;
}

net::HttpClientOptions HttpOptions(const ClientOptions& options) {
  net::HttpClientOptions http;
  http.connection_count_max = options.connection_count_max;
  // A call that may take longer may be silent for longer.
  http.stall_timeout = std::max(http.stall_timeout, options.timeout);
  http.user_agent = "datastorage-client";
  return http;
}

}  // namespace

Client::Transport::Transport(ClientOptions options)
    : options_(Normalized(std::move(options))), http_(HttpOptions(options_)) {}

std::string Client::Transport::Url(std::string_view path, const Parameters& parameters) const {
  std::string url = options_.server + std::string(path);
  char separator = '?';
  for (const auto& [name, value] : parameters) {
    url += separator + net::PercentEncode(name) + "=" + net::PercentEncode(value);
    separator = '&';
  }
  return url;
}

Result<net::HttpResponse> Client::Transport::Send(net::HttpRequest& request) {
  const Deadline deadline = Deadline::In(options_.timeout);
  for (int attempt = 0;; ++attempt) {
    Result<net::HttpResponse> answer = SendBefore(request, deadline);
    if (answer && answer->status >= 400) answer = ErrorFromResponse(*answer);
    if (answer || !MayPass(answer.error())) return answer;
    const milliseconds pause = PauseAfter(attempt, answer.error());
    if (attempt + 1 >= options_.attempt_count_max || deadline.Remaining() <= pause) return answer;
    std::this_thread::sleep_for(pause);
  }
}

Result<net::HttpResponse> Client::Transport::SendOnce(const net::HttpRequest& request) {
  return SendBefore(request, Deadline::In(options_.timeout));
}

Result<net::HttpResponse> Client::Transport::SendStream(const net::HttpRequest& request) {
  return SendBefore(request, Deadline::Never());
}

Result<net::HttpResponse> Client::Transport::SendBefore(const net::HttpRequest& request,
                                                        Deadline deadline) {
  auto answer = http_.Send(request, deadline);
  if (!answer.has_value()) return ErrorFromTransport(answer.error(), options_.server);
  return *std::move(answer);
}

}  // namespace datastorage::client
