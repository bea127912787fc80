// Where the operators' routes are served, and where they are not.
#include "api_fixture.h"
#include "http/route.h"

namespace datastorage::http {
namespace {

class AdminRoutesServed : public ApiFixture {};

TEST_F(AdminRoutesServed, AreNotServedToThePublic) {
  const std::string id = Create("r-1");
  const std::string body = R"({"id":")" + id + R"(","who":"me","why":"asked"})";
  ASSERT_EQ(AdminRoutes().size(), 6U);
  for (const Route& route : AdminRoutes()) {
    EXPECT_TRUE(route.pattern.starts_with("/admin/"));
    EXPECT_EQ(Post(route.pattern, body).status, 404) << route.pattern;
    EXPECT_NE(Administer(route.pattern, "{]").status, 404) << route.pattern;
  }
  EXPECT_EQ(Get("/api/v1/audit/remediation/" + id).status, 200);
}

// A page in an operator's browser can send a form there, but no JSON without being asked first.
TEST_F(AdminRoutesServed, TakeJsonOnly) {
  for (const Route& route : AdminRoutes()) {
    EXPECT_EQ(Administer(route.pattern, "{}", {{"content-type", "text/plain"}}).status, 415);
  }
}

}  // namespace
}  // namespace datastorage::http
