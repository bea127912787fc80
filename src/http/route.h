// Route: one entry of the route table: what it matches, what runs, and all that the OpenAPI
// document says of it. The table is the only way to serve anything, so nothing is served
// undescribed.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/metrics.h"
#include "engine/backup_service.h"
#include "engine/erasure_service.h"
#include "engine/health_service.h"
#include "engine/move_service.h"
#include "engine/query_service.h"
#include "engine/reconcile_service.h"
#include "engine/search_service.h"
#include "engine/write_service.h"
#include "http/api.h"
#include "http/message.h"
#include "http/problem.h"
#include "schema/json.h"

namespace datastorage::http {

// What handlers work with. All of it is thread-safe and outlives every request.
struct Services : ApiParts {
  const Clock& clock;
  std::string version;
  std::string openapi;                                 // The document, as text.
  WriteMode default_write_mode = WriteMode::kDefault;  // Of requests that prefer none.
  std::atomic<bool> is_draining = false;
};

// One request on its way through a handler.
struct Call {
  const Request& request;
  Services& services;
  Deadline deadline;

  // REQUIRES: the route's pattern has `{kind}`.
  RecordKind kind() const { return *request.match.kind; }
  Response Refuse(const ProblemReport& report) const {
    return ToResponse(report, request.request_id);
  }
};

// Text that cannot be left out: an empty one does not compile.
class Description {
 public:
  consteval Description(const char* text) : text_(text) {  // NOLINT(google-explicit-constructor)
    if (text_.empty()) throw "a description is missing";
  }
  std::string_view text() const { return text_; }

 private:
  std::string_view text_;
};

enum class ParameterPlace : std::uint8_t { kQuery, kHeader };

struct ParameterDoc {
  std::string_view name;
  ParameterPlace place = ParameterPlace::kQuery;
  Description description;
  schema::Json schema;
  bool is_required = false;
};

// Which members of records a route takes as filter parameters.
enum class FilterSet : std::uint8_t { kNone, kOfKind, kOfEveryKind };

// What bodies look like; http/openapi_shapes.cc has a schema for each.
enum class Shape : std::uint8_t {
  kNothing,
  kNewRecord,   // Of the path's kind.
  kPatch,       // Of the path's kind.
  kRecord,      // Of the path's kind.
  kRecordPage,  // Of the path's kind.
  kHistory,     // Of the path's kind.
  kBatchItems,
  kBatchItem,
  kBatchResults,
  kBatchResult,
  kLookup,
  kSearchRequest,
  kHits,
  kLife,
  kHealth,
  kVersion,
  kErasureRequest,
  kErasure,
  kReconcileRequest,
  kReconcileReport,
  kBackupRequest,
  kBackupReport,
  kMoveRequest,
  kMoveReport,
  kReleaseRequest,
  kReleaseReport,
  kLogLevel,
  kAnyObject,
  kText,
};

struct BodyDoc {
  std::string_view media_type;
  Shape shape = Shape::kNothing;
};

struct AnswerDoc {
  int status = 200;
  Description description;
  std::string_view media_type = "application/json";
  Shape shape = Shape::kNothing;
};

struct Route {
  std::string_view method;
  std::string_view pattern;    // Such as "/api/v1/audit/{kind}/{id}".
  std::string_view operation;  // The OpenAPI operationId, without a kind.
  Description summary;
  Response (*handle)(const Call& call) = nullptr;
  // What `{kind}` may be.
  std::vector<RecordKind> kinds = {};
  std::vector<ParameterDoc> parameters = {};
  FilterSet filters = FilterSet::kNone;
  std::vector<BodyDoc> bodies = {};  // Empty: takes none.
  std::vector<AnswerDoc> answers = {};
  std::vector<Problem> problems = {};  // Beside those that every route may answer.
  std::size_t body_byte_count_max = 0;
  // Takes bodies of application/x-ndjson while they arrive.
  std::unique_ptr<BodyStream> (*open_stream)(const Call& call) = nullptr;
  bool is_instant = false;  // Never blocks.
  bool is_write = false;    // Its problems say what became of the write.
};

inline constexpr std::string_view kNdjson = "application/x-ndjson";

// The routes of the API's listener, and of the one for operators, of which AdminRoutes are those
// that change something.
const std::vector<Route>& ApiRoutes();
std::vector<Route> AdminRoutes();
const std::vector<Route>& OperationsRoutes();

}  // namespace datastorage::http
