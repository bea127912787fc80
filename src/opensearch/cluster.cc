#include "opensearch/cluster.h"

#include <algorithm>
#include <utility>

#include "opensearch/authorization.h"

namespace datastorage::opensearch {
namespace {

// A page of a scan with content takes 6 MB, the largest answer otherwise 1 MB.
constexpr std::size_t kAnswerByteCountMax = std::size_t{32} << 20;
constexpr std::chrono::milliseconds kConnectTimeout{1'000};

net::HttpClientOptions ClientOptions(const Address& address, const ClusterOptions& options) {
  net::HttpClientOptions client;
  client.connection_count_max = options.connection_count_max;
  client.connect_timeout = kConnectTimeout;
  client.response_byte_count_max = kAnswerByteCountMax;
  client.authority_file = address.authority_file;
  return client;
}

Error FailureOf(const Error& error) {
  if (error.code == ErrorCode::kDeadlineExceeded) return error;
  return Unavailable("OpenSearch: " + error.message);
}

// Of the statuses that tell of the node's state or the operator's settings, not of the request.
bool IsOfRequest(int status) {
  return (status >= 200 && status < 300) || status == 400 || status == 404 || status == 409;
}

Error FailureOf(int status) {
  if (status == 401 || status == 403) {
    return Unavailable("OpenSearch refuses the credentials, or denies them this (status " +
                       std::to_string(status) + ")");
  }
  return Unavailable("OpenSearch answers with status " + std::to_string(status));
}

}  // namespace

Result<std::unique_ptr<Cluster>> Cluster::Make(Address address, ClusterOptions options) {
  DS_ASSIGN_OR_RETURN(std::string authorization, AuthorizationOf(address));
  return std::unique_ptr<Cluster>(
      new Cluster(std::move(address), std::move(authorization), options));
}

Cluster::Cluster(Address address, std::string authorization, ClusterOptions options)
    : address_(std::move(address)),
      authorization_(std::move(authorization)),
      options_(options),
      client_(ClientOptions(address_, options)) {
  for (const Host& host : address_.hosts) urls_.push_back(BaseUrlOf(address_, host));
}

Result<ClusterAnswer> Cluster::Send(const ClusterRequest& request, Deadline deadline) {
  const std::size_t first = node_.load();
  Result<ClusterAnswer> answer = DeadlineExceeded("OpenSearch: no time was left to ask");
  for (std::size_t tried = 0; tried < urls_.size() && !deadline.HasPassed(); ++tried) {
    const std::size_t node = (first + tried) % urls_.size();
    const bool is_last = tried + 1 == urls_.size();
    const Duration patience = std::min<Duration>(options_.node_patience, deadline.Remaining() / 2);
    answer = SendTo(node, request, is_last ? deadline : deadline.Within(patience));
    if (answer.has_value()) {
      if (tried > 0) node_ = node;
      return answer;
    }
  }
  // All have failed: the next request begins with another one, so that a node that hangs costs its
  // patience once.
  node_ = (first + 1) % urls_.size();
  return answer;
}

Result<ClusterAnswer> Cluster::SendTo(std::size_t node,
                                      const ClusterRequest& request,
                                      Deadline deadline) {
  net::HttpRequest http;
  http.method = request.method;
  http.url = urls_[node] + request.path;
  http.body = request.body;
  if (!request.body.empty()) {
    http.headers.push_back(
        {"Content-Type", request.is_lines ? "application/x-ndjson" : "application/json"});
  }
  if (!authorization_.empty()) http.headers.push_back({"Authorization", authorization_});
  Result<net::HttpResponse> response = client_.Send(http, deadline);
  if (!response.has_value()) return FailureOf(response.error());
  if (!IsOfRequest(response->status)) return FailureOf(response->status);
  return ClusterAnswer{response->status, std::move(response->body)};
}

}  // namespace datastorage::opensearch
