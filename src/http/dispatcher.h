// Dispatcher: from a request to its route, and all that is the same for every route: ids, media
// types, HEAD and OPTIONS, the access log, metrics, and the catch-all for bugs.
//
// Threads:   as RequestHandler says.
// Ownership: keeps references to the routes and services, which must outlive it.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "http/message.h"
#include "http/route.h"

namespace datastorage::http {

class Dispatcher final : public RequestHandler {
 public:
  Dispatcher(const std::vector<Route>& routes, Services& services);

  Admission Admit(Request& head) override;
  Response Handle(const Request& request) override;
  std::unique_ptr<BodyStream> OpenStream(const Request& head) override;
  Response Refuse(const Refusal& refusal, const Request* head) override;

 private:
  class ObservedStream;

  std::optional<ProblemReport> Match(Request& head) const;
  static std::optional<ProblemReport> CheckMedia(const Request& head);
  Response Answered(const Request& request, Response response);
  void Observe(const Request& request, int status, std::size_t byte_count);
  void AddInFlight(int change);

  const std::vector<Route>& routes_;
  Services& services_;
  std::atomic<int> in_flight_{0};
};

}  // namespace datastorage::http
