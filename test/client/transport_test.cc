#include "client/transport.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>

#include "client/loopback_client.h"

namespace datastorage::client {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(Transport, TriesAgainWithTheSameKeyWhileTheServerIsBusy) {
  std::atomic<int> count = 0;
  LoopbackServer server([&count](const SeenRequest&) {
    switch (++count) {
      case 1: return Answer(503, "{}", "Retry-After: 0\r\n");
      case 2: return Answer(429, "{}", "Retry-After: 0\r\n");
      case 3:
        return Answer(409, R"({"detail":"an equal request is running"})", "Retry-After: 0\r\n");
      default: return Answer(201, "{}");
    }
  });
  Client client(At(server));
  ASSERT_TRUE(client.Create("remediation", "{}", {"k", false}).has_value());
  EXPECT_EQ(count, 4);
  for (const SeenRequest& request : server.requests()) {
    EXPECT_EQ(request.Header("idempotency-key"), "k");
  }
}

TEST(Transport, DoesNotWaitBeyondItsTimeout) {
  LoopbackServer server([](const SeenRequest&) {
    return Answer(503, R"({"detail":"queue full"})", "Retry-After: 3600\r\n");
  });
  ClientOptions options = At(server);
  options.timeout = std::chrono::seconds(20);
  Client client(options);
  const auto got = client.Get("remediation", "x");
  ASSERT_FALSE(got.has_value());
  EXPECT_EQ(got.error().kind, ErrorKind::kTryAgain);
  EXPECT_EQ(got.error().message, "queue full");
  EXPECT_EQ(server.requests().size(), 1U);
}

// Whoever calls learns at once that nobody is there.
TEST(Transport, DoesNotTryARefusedConnectionAgain) {
  ClientOptions options;
  options.server = test::DeadUrl();
  options.timeout = std::chrono::hours(1);
  Client client(options);
  const auto got = client.Get("remediation", "x");
  ASSERT_FALSE(got.has_value());
  EXPECT_EQ(got.error().kind, ErrorKind::kUnreachable);
  EXPECT_THAT(got.error().message, testing::HasSubstr(options.server));
}

}  // namespace
}  // namespace datastorage::client
