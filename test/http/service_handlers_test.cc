// Health, version, metrics.
#include "http/service_handlers.h"

#include "api_fixture.h"

namespace datastorage::http {
namespace {

using testing::HasSubstr;

class ServiceRoutes : public ApiFixture {};

TEST_F(ServiceRoutes, AreReadyWhenAWriteIsPossible) {
  for (const char* path : {"/readyz", "/healthz"}) {
    const Response response = Get(path);
    EXPECT_EQ(response.status, 200) << response.body;
    EXPECT_EQ(TextAt(response, "status"), "ok");
    EXPECT_EQ(Operate(path).status, 200);
  }
  EXPECT_EQ(TextAt(Get("/readyz?verbose"), "version"), "1.2.3");
  EXPECT_EQ(Get("/readyz?nonsense").status, 400);
}

TEST_F(ServiceRoutes, AreNotReadyWithoutTheStore) {
  store_.FailWith(Unavailable("the record store is down"));
  const Response response = Get("/readyz");
  EXPECT_EQ(response.status, 503);
  EXPECT_EQ(TextAt(response, "status"), "unavailable");
  EXPECT_EQ(TextAt(response, "findings/0/component"), "record_store");
  EXPECT_THAT(TextAt(response, "findings/0/since"), HasSubstr("T"));
  EXPECT_EQ(Get("/livez").status, 200);
}

TEST_F(ServiceRoutes, AreNotReadyWhileDrainingThoughAllElseIsServed) {
  api_.BeginDrain();
  EXPECT_EQ(Get("/readyz").status, 503);
  EXPECT_EQ(TextAt(Operate("/readyz"), "status"), "draining");
  EXPECT_EQ(Get("/livez").status, 200);
  EXPECT_EQ(Get("/api/v1/audit/remediation").status, 200);
}

TEST_F(ServiceRoutes, TellTheVersion) {
  EXPECT_EQ(TextAt(Get("/version"), "version"), "1.2.3");
  EXPECT_EQ(TextAt(Get("/version"), "name"), "datastorage");
}

TEST_F(ServiceRoutes, RefuseParametersButForAProbe) {
  EXPECT_EQ(Get("/version?nonsense").status, 400);
  EXPECT_EQ(Get("/openapi.json?nonsense").status, 400);
  EXPECT_EQ(Get("/openapi.json").status, 200);
  EXPECT_EQ(Get("/livez?nonsense").status, 200);
}

TEST_F(ServiceRoutes, ShowMetricsToOperatorsOnly) {
  const Response response = Operate("/metrics");
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(HeaderOf(response, "Content-Type"), "text/plain; version=0.0.4; charset=utf-8");
  EXPECT_THAT(response.body, HasSubstr("datastorage_http_requests_in_flight 1\n"));
  EXPECT_EQ(Get("/metrics").status, 404);
  EXPECT_EQ(Operate("/api/v1/audit/remediation").status, 404);
}

}  // namespace
}  // namespace datastorage::http
