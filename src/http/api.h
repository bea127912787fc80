// Api: everything that is served over HTTP, without the sockets.
//
//   http::Api api({writes, queries, searches, health, erasures, reconciles, backups, moves,
//   metrics},
//   {.version = "1.2.3"}); http::Server server(api.public_handler(), {.host = "127.0.0.1", .port =
//   8080}); http::Server operations(api.operations_handler(), {.port = 9090, .worker_count = 2});
//   Result<void> started = server.Start();      // kInvalidArgument: not loopback (exit 78)
//   …
//   api.BeginDrain();                           // readyz says 503 from here on
//   (wait for the drain delay)
//   server.Stop(std::chrono::seconds(30));      // then the same for `operations`
//
// Threads:   safe to use concurrently.
// Ownership: keeps references to the services; they and the Api outlive the servers.
#pragma once

#include <memory>
#include <string>

#include "http/message.h"

namespace datastorage {
class BackupService;
class ErasureService;
class HealthService;
class Metrics;
class MoveService;
class QueryService;
class ReconcileService;
class SearchService;
class WriteService;
}  // namespace datastorage

namespace datastorage::http {

struct ApiParts {
  WriteService& writer;
  QueryService& reader;
  SearchService& searcher;
  HealthService& health;
  ErasureService& eraser;
  ReconcileService& reconciler;
  BackupService& backups;
  MoveService& mover;
  Metrics& metrics;
};

struct ApiOptions {
  std::string version = "0";
  bool is_strict_by_default = false;  // A write without `Prefer: write=…` is strict.
};

class Api {
 public:
  Api(const ApiParts& parts, const ApiOptions& options);
  ~Api();
  Api(const Api&) = delete;
  Api& operator=(const Api&) = delete;

  RequestHandler& public_handler();
  RequestHandler& operations_handler();

  // From now on the service says that it is not ready; all else is served as before.
  void BeginDrain();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// The OpenAPI document as text, for those who have no server at hand.
std::string OpenApiText(const std::string& version);

}  // namespace datastorage::http
