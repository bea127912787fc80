// Cluster: the HTTP side of an OpenSearch cluster. A request goes to the node that last answered;
// where that one fails, to the others in turn, while there is time.
//
// Threads: Send may be called concurrently.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "net/http_client.h"
#include "opensearch/address.h"

namespace datastorage::opensearch {

struct ClusterOptions {
  std::size_t connection_count_max = 16;
  // How long one node may take while there are others to ask.
  Duration node_patience = std::chrono::seconds(5);
};

// Every request may be sent twice without harm: external versions, create-only, reads.
struct ClusterRequest {
  std::string method = "POST";
  std::string path;  // Begins with "/", percent-encoded, with its query.
  std::string body;
  bool is_lines = false;  // NDJSON, not JSON.
};

// Of an answer that says whether the request itself was wrong: 2xx, 400, 404 or 409.
struct ClusterAnswer {
  int status = 0;
  std::string body;

  bool is_success() const { return status >= 200 && status < 300; }
};

class Cluster {
 public:
  // Errors: kInvalidArgument (see AuthorizationOf).
  static Result<std::unique_ptr<Cluster>> Make(Address address, ClusterOptions options);

  // Errors: kUnavailable (no node answers, refuses the credentials, is overloaded or says that it
  // cannot; an answer beyond the bounds), kDeadlineExceeded.
  Result<ClusterAnswer> Send(const ClusterRequest& request, Deadline deadline);

  const Address& address() const { return address_; }

 private:
  Cluster(Address address, std::string authorization, ClusterOptions options);
  Result<ClusterAnswer> SendTo(std::size_t node, const ClusterRequest& request, Deadline deadline);

  const Address address_;
  const std::string authorization_;
  const ClusterOptions options_;
  std::vector<std::string> urls_;
  net::HttpClient client_;
  std::atomic<std::size_t> node_ = 0;  // That requests go to first.
};

}  // namespace datastorage::opensearch
