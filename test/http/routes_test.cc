// The route table as a table.
#include <gtest/gtest.h>

#include <set>

#include "http/route.h"

namespace datastorage::http {
namespace {

TEST(Routes, AreComplete) {
  std::set<std::string> seen;
  for (const std::vector<Route>* routes : {&ApiRoutes(), &OperationsRoutes()}) {
    for (const Route& route : *routes) {
      const std::string name = std::string(route.method) + " " + std::string(route.pattern);
      if (routes == &ApiRoutes()) {
        EXPECT_TRUE(seen.insert(name).second) << name;
      }
      EXPECT_NE(route.handle, nullptr) << name;
      EXPECT_FALSE(route.answers.empty()) << name;
      EXPECT_FALSE(route.operation.empty()) << name;
      EXPECT_EQ(route.pattern.find("{kind}") != std::string_view::npos, !route.kinds.empty())
          << name;
      EXPECT_EQ(route.bodies.empty(), route.method == "GET") << name;
      EXPECT_EQ(route.bodies.empty(), route.body_byte_count_max == 0) << name;
    }
  }
}

// The first match is taken: a parameter before a literal would swallow it.
TEST(Routes, PutLiteralsBeforeParameters) {
  bool has_parameter = false;
  for (const Route& route : ApiRoutes()) {
    const bool is_audit_literal =
        route.pattern == "/api/v1/audit/search" || route.pattern == "/api/v1/audit/batch";
    has_parameter = has_parameter || route.pattern == "/api/v1/audit/{kind}";
    if (is_audit_literal) {
      EXPECT_FALSE(has_parameter) << route.pattern;
    }
  }
  EXPECT_TRUE(has_parameter);
}

}  // namespace
}  // namespace datastorage::http
