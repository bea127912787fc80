// Requests and answers as plain values, so that handlers know no network library.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "domain/records.h"

namespace datastorage::http {

struct Route;

struct Header {
  std::string name;
  std::string value;
};

// Where a request was routed to; set by RequestHandler::Admit.
struct RouteMatch {
  const Route* route = nullptr;
  std::optional<RecordKind> kind;  // Of `{kind}` in the path.
  std::string id;                  // `{id}`, percent-decoded.
};

struct Request {
  std::string method;           // As sent; methods are case-sensitive.
  std::string path;             // As sent, percent-encoded, without the query.
  std::string query;            // As sent, without its "?".
  std::vector<Header> headers;  // In the order sent; names in lower case, values trimmed.
  std::string body;             // Without transfer coding.
  SteadyTime received{};        // When it was complete; of a stream: its head.
  RouteMatch match;
  std::string request_id;  // Set by Admit, as is all below.
  std::string trace_id;    // 32 hex digits: the client's, or one made for this request.
  bool has_client_trace = false;
  std::string trace_flags;  // Two hex digits.

  // The first header of that (lower-case) name; nullptr when absent.
  const std::string* Find(std::string_view name) const;
  int CountOf(std::string_view name) const;
  // All values of a header that is a list, joined by ", "; empty when absent.
  std::string Joined(std::string_view name) const;
};

struct Response {
  int status = 200;
  std::vector<Header> headers;
  std::string body;
};

// Why a request was refused before a route was asked.
struct Refusal {
  int status = 400;
  std::string_view reason;  // A metric label: "framing", "timeout", "queue_full", …
  std::string detail;       // For the client.
};

// Takes a request body while it arrives and answers while it does so.
class BodyStream {
 public:
  virtual ~BodyStream() = default;
  // The head of the answer; asked once, before the first Take.
  virtual Response Head() = 0;
  // The next bytes of the body, and whether they are the last; returns what is ready of the
  // answer's body. Blocks; runs on a worker; never throws.
  virtual std::string Take(std::string_view bytes, bool is_last) = 0;
};

// What to do with a request of which only the head is known.
struct Admission {
  std::optional<Response> answer;  // Present: answer this, without reading the body.
  std::size_t body_byte_count_max = 0;
  bool is_streamed = false;  // OpenStream instead of Handle; no limit on the whole body.
  bool is_instant = false;   // Handle never blocks: it needs no worker.
};

// What a Server serves. Calls come from several threads at once; none may throw.
class RequestHandler {
 public:
  virtual ~RequestHandler() = default;
  // Never blocks. Fills in what Request says it does.
  virtual Admission Admit(Request& head) = 0;
  virtual Response Handle(const Request& request) = 0;
  // `head` outlives the stream.
  virtual std::unique_ptr<BodyStream> OpenStream(const Request& head) = 0;
  // The answer to what never became a request, or was not let in. `head` is that of an admitted
  // request, or nullptr where none could be read. Never blocks.
  virtual Response Refuse(const Refusal& refusal, const Request* head) = 0;
};

// The head of an HTTP/1.1 answer as bytes; `content_length` absent: chunked.
std::string HeadText(const Response& response,
                     std::optional<std::size_t> content_length,
                     bool keeps_connection,
                     WallTime now);
// A chunk of an answer sent with chunked coding; the last one for an empty text.
std::string ChunkText(std::string_view text);
std::string_view ReasonPhrase(int status);

}  // namespace datastorage::http
