// What is the same for every route: routing, methods, media types, ids, headers, metrics.
#include "http/dispatcher.h"

#include "api_fixture.h"

namespace datastorage::http {
namespace {

using testing::HasSubstr;
using testing::Not;

class Dispatching : public ApiFixture {};

TEST_F(Dispatching, RefusesUnknownPaths) {
  for (const char* path : {"/",
                           "/api/v1/audit/",
                           "/api/v1/audit/unknown",
                           "/api/v1/audit/fixes",
                           "/api/v1/audit/remediation/x/timeline",
                           "/api/v1/audit/facets",
                           "/admin/erase",
                           "/metrics",
                           "/api/v1/audit/remediation/x/history/"}) {
    const Response response = Get(path);
    EXPECT_EQ(response.status, 404) << path;
    EXPECT_EQ(ProblemIn(response), "no-such-route") << path;
  }
}

TEST_F(Dispatching, NamesTheMethodsOfAPath) {
  const Response response = Send("DELETE", "/api/v1/audit/remediation/x");
  EXPECT_EQ(response.status, 405);
  EXPECT_EQ(HeaderOf(response, "Allow"), "GET, HEAD, PATCH, OPTIONS");
  EXPECT_EQ(HeaderOf(Send("PATCH", "/api/v1/audit/execution/x"), "Allow"), "GET, HEAD, OPTIONS");
  EXPECT_EQ(HeaderOf(Send("PUT", "/api/v1/audit/batch"), "Allow"), "POST, OPTIONS");
  EXPECT_EQ(Send("get", "/livez").status, 405);
}

TEST_F(Dispatching, AnswersOptions) {
  const Response response = Send("OPTIONS", "/api/v1/audit/search");
  EXPECT_EQ(response.status, 204);
  EXPECT_EQ(HeaderOf(response, "Allow"), "GET, HEAD, POST, OPTIONS");
  EXPECT_EQ(Send("OPTIONS", "*").status, 204);
  EXPECT_EQ(Send("OPTIONS", "/nowhere").status, 404);
}

TEST_F(Dispatching, AnswersHeadAsGet) {
  const std::string id = Create("r-1");
  const Response head = Send("HEAD", "/api/v1/audit/remediation/" + id);
  EXPECT_EQ(head.status, 200);
  EXPECT_EQ(HeaderOf(head, "ETag"), "\"1.s\"");
}

TEST_F(Dispatching, UnderstandsJsonOnly) {
  const std::string body = RemediationJson("r-1");
  const auto post = [&](Headers headers) {
    return Post("/api/v1/audit/remediation", body, headers).status;
  };
  EXPECT_EQ(post({{"content-type", "text/plain"}}), 415);
  EXPECT_EQ(post({{"content-type", ""}}), 415);
  EXPECT_EQ(post({{"content-type", "application/x-ndjson"}}), 415);
  EXPECT_EQ(post({{"content-type", "application/json; charset=latin1"}}), 415);
  EXPECT_EQ(post({{"content-type", "application/json"}, {"content-encoding", "gzip"}}), 415);
  EXPECT_EQ(post({{"content-type", "Application/JSON; charset=\"UTF-8\""}}), 201);
}

TEST_F(Dispatching, AnswersJsonOnly) {
  EXPECT_EQ(Get("/version", {{"accept", "text/html"}}).status, 406);
  EXPECT_EQ(Get("/version", {{"accept", "application/json;q=0, */*"}}).status, 406);
  EXPECT_EQ(Get("/version", {{"accept", "application/problem+json"}}).status, 406);
  for (const char* accept : {"*/*", "application/*;q=0.1", "text/html, application/json", ""}) {
    EXPECT_EQ(Get("/version", {{"accept", accept}}).status, *accept == '\0' ? 406 : 200) << accept;
  }
  EXPECT_EQ(Operate("/metrics").status, 200);
}

TEST_F(Dispatching, KeepsTheRequestIdOfAClientIfItIsSane) {
  EXPECT_EQ(HeaderOf(Get("/livez", {{"x-request-id", "abc-1"}}), "X-Request-Id"), "abc-1");
  for (const std::string& id : {std::string(129, 'x'), std::string("a b"), std::string()}) {
    const std::string made = HeaderOf(Get("/livez", {{"x-request-id", id}}), "X-Request-Id");
    EXPECT_TRUE(Uuid::Parse(made).has_value()) << made;
  }
  const Response problem = Get("/nowhere", {{"x-request-id", "abc-2"}});
  EXPECT_EQ(TextAt(problem, "instance"), "abc-2");
}

TEST_F(Dispatching, SendsSaneHeaders) {
  const Response response = Get("/version");
  EXPECT_EQ(HeaderOf(response, "X-Content-Type-Options"), "nosniff");
  EXPECT_EQ(HeaderOf(response, "Cache-Control"), "no-store");
  EXPECT_EQ(HeaderOf(response, "traceparent").size(), 55U);
}

TEST_F(Dispatching, CountsRequestsByRouteAndNotByPath) {
  Create("r-1");
  Get("/api/v1/audit/remediation/key:r-1");
  Get("/api/v1/audit/remediation/key:r-2");
  Send("BREW", "/nowhere");
  const std::string metrics = metrics_.Render();
  EXPECT_THAT(metrics,
              HasSubstr("datastorage_http_requests_total{method=\"GET\","
                        "route=\"/api/v1/audit/{kind}/{id}\",status=\"404\"} 1"));
  EXPECT_THAT(metrics, HasSubstr("{method=\"other\",route=\"none\",status=\"404\"} 1"));
  EXPECT_THAT(metrics, HasSubstr("datastorage_http_requests_in_flight 0"));
}

TEST_F(Dispatching, LogsRequestsWithoutWhatTheySay) {
  testing::internal::CaptureStderr();
  Post("/api/v1/audit/remediation",
       RemediationJson("r-1", "a secret summary"),
       {{"x-request-id", "abc-1"}});
  Get("/api/v1/audit/search?q=secret+words");
  const std::string log = testing::internal::GetCapturedStderr();
  EXPECT_THAT(log, HasSubstr("\"route\":\"/api/v1/audit/{kind}\",\"status\":201"));
  EXPECT_THAT(log, HasSubstr("\"request_id\":\"abc-1\""));
  EXPECT_THAT(log, HasSubstr("\"route\":\"/api/v1/audit/search\""));
  EXPECT_THAT(log, Not(HasSubstr("secret")));
}

TEST_F(Dispatching, NamesRefusalsOfTheServer) {
  const Response response =
      api_.public_handler().Refuse({431, "header_too_large", "too large"}, nullptr);
  EXPECT_EQ(response.status, 431);
  EXPECT_EQ(ProblemIn(response), "header-too-large");
  EXPECT_EQ(TextAt(response, "outcome"), "none");
  EXPECT_EQ(HeaderOf(response, "traceparent").size(), 55U);
  EXPECT_THAT(metrics_.Render(),
              HasSubstr("datastorage_http_rejected_total{reason=\"header_too_large\"} 1"));
}

TEST_F(Dispatching, RefusesAnAdmittedRequestUnderItsOwnIds) {
  const std::string trace(32, 'a');
  const Headers headers{{"content-type", "application/json"},
                        {"x-request-id", "abc-1"},
                        {"traceparent", "00-" + trace + "-bbbbbbbbbbbbbbbb-01"}};
  const auto refuse = [&](std::string_view method, std::string_view path) {
    Request head = RequestOf(method, path, {}, headers);
    EXPECT_FALSE(api_.public_handler().Admit(head).answer.has_value());
    return api_.public_handler().Refuse({413, "body_too_large", "too large"}, &head);
  };
  const Response of_write = refuse("POST", "/api/v1/audit/remediation");
  EXPECT_EQ(HeaderOf(of_write, "X-Request-Id"), "abc-1");
  EXPECT_EQ(TextAt(of_write, "instance"), "abc-1");
  EXPECT_THAT(HeaderOf(of_write, "traceparent"), HasSubstr("00-" + trace + "-"));
  EXPECT_EQ(TextAt(of_write, "outcome"), "none");
  EXPECT_THAT(refuse("POST", "/api/v1/audit/search").body, Not(HasSubstr("outcome")));
  EXPECT_THAT(refuse("GET", "/version").body, Not(HasSubstr("outcome")));
}

TEST_F(Dispatching, SaysOfWritesOnlyWhatBecameOfThem) {
  const Headers text{{"content-type", "text/plain"}};
  for (const char* path : {"/api/v1/audit/remediation", "/api/v1/audit/batch"}) {
    EXPECT_EQ(TextAt(Post(path, "{}", text), "outcome"), "none") << path;
  }
  EXPECT_EQ(TextAt(Patch("/api/v1/audit/workflow/x", "{}", text), "outcome"), "none");
  const Response search = Post("/api/v1/audit/search", "{}", text);
  EXPECT_EQ(search.status, 415);
  EXPECT_THAT(search.body, Not(HasSubstr("outcome")));
  EXPECT_THAT(Get("/nowhere").body, Not(HasSubstr("outcome")));
}

Response Throw(const Call& /*call*/) {
  throw std::runtime_error("a bug in row 7");
}

TEST_F(Dispatching, OutlivesABugInAHandler) {
  std::vector<Route> routes{{.method = "GET",
                             .pattern = "/bug",
                             .operation = "bug",
                             .summary = "Throws.",
                             .handle = Throw}};
  Services services{writes_,
                    queries_,
                    searches_,
                    health_,
                    erasures_,
                    reconciles_,
                    backups_,
                    moves_,
                    metrics_,
                    SystemClock(),
                    "1",
                    "{}"};
  Dispatcher dispatcher(routes, services);
  const Response response = SendTo(dispatcher, RequestOf("GET", "/bug", {}, {}));
  EXPECT_EQ(response.status, 500);
  EXPECT_THAT(response.body, Not(HasSubstr("row 7")));
  EXPECT_THAT(response.body, Not(HasSubstr("outcome")));
}

}  // namespace
}  // namespace datastorage::http
