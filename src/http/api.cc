#include "http/api.h"

#include "http/dispatcher.h"
#include "http/openapi.h"
#include "http/route.h"

namespace datastorage::http {

struct Api::State {
  State(const ApiParts& parts, const ApiOptions& options)
      : services{parts,
                 SystemClock(),
                 options.version,
                 OpenApiText(options.version),
                 options.is_strict_by_default ? WriteMode::kStrict : WriteMode::kDefault},
        public_handler(ApiRoutes(), services),
        operations_handler(OperationsRoutes(), services) {}

  Services services;
  Dispatcher public_handler;
  Dispatcher operations_handler;
};

Api::Api(const ApiParts& parts, const ApiOptions& options)
    : state_(std::make_unique<State>(parts, options)) {}

Api::~Api() = default;

RequestHandler& Api::public_handler() {
  return state_->public_handler;
}

RequestHandler& Api::operations_handler() {
  return state_->operations_handler;
}

void Api::BeginDrain() {
  state_->services.is_draining.store(true);
}

std::string OpenApiText(const std::string& version) {
  return ToText(OpenApiDocument(version));
}

}  // namespace datastorage::http
