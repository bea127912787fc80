// How answers become errors (client/errors.cc).

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>

#include "client/loopback_client.h"

namespace datastorage::client {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(ClientError, GivesEveryViolationOfAProblem) {
  LoopbackServer server([](const SeenRequest&) {
    return Answer(422,
                  R"({"title":"Invalid record","status":422,"detail":"2 members are wrong",
                      "errors":[{"pointer":"/name","code":"required","message":"is required"},
                                {"parameter":"limit","code":"range","message":"is too large"}]})",
                  "X-Request-Id: r-1\r\n");
  });
  Client client(At(server));
  const auto stored = client.Create("remediation", "{}");
  ASSERT_FALSE(stored.has_value());
  EXPECT_EQ(stored.error().kind, ErrorKind::kRefused);
  EXPECT_EQ(stored.error().status, 422);
  EXPECT_EQ(stored.error().request_id, "r-1");
  EXPECT_EQ(Describe(stored.error()),
            "2 members are wrong\n  /name: is required\n  limit: is too large");
  EXPECT_EQ(server.requests().size(), 1U);
}

TEST(ClientError, SortsAnswersIntoKindsOfErrors) {
  struct Case {
    int status;
    const char* body;
    ErrorKind kind;
  };
  const Case cases[] = {
      {400, "{}", ErrorKind::kRefused},
      {404, "{}", ErrorKind::kNotFound},
      {410, "{}", ErrorKind::kNotFound},
      {409, "{}", ErrorKind::kConflict},
      {412, "{}", ErrorKind::kConflict},
      {428, "{}", ErrorKind::kConflict},
      {500, "{}", ErrorKind::kServer},
      {404, "<html>", ErrorKind::kProtocol},
      {500, R"({"outcome":"none"})", ErrorKind::kServer},
  };
  for (const Case& c : cases) {
    LoopbackServer server([&c](const SeenRequest&) { return Answer(c.status, c.body); });
    Client client(At(server));
    const auto got = client.Get("remediation", "x");
    ASSERT_FALSE(got.has_value());
    EXPECT_EQ(got.error().kind, c.kind) << c.status << " " << c.body;
  }
}

TEST(ClientError, NamesTheHeaderThatIsWrong) {
  const Error error = ErrorFromProblem(
      400, R"({"title":"t","errors":[{"header":"If-Match","message":"is malformed"}]})");
  EXPECT_EQ(Describe(error), "t\n  If-Match: is malformed");
}

TEST(ClientError, KeepsKindAndPlaceOfATransportFailure) {
  const std::pair<datastorage::Error, ErrorKind> cases[] = {
      {Unavailable("u"), ErrorKind::kUnreachable},
      {DeadlineExceeded("d"), ErrorKind::kTryAgain},
      {OutcomeUnknown("o"), ErrorKind::kOutcomeUnknown},
      {InvalidArgument("i"), ErrorKind::kRefused},
      {ResourceExhausted("r"), ErrorKind::kProtocol},
  };
  for (const auto& [failure, kind] : cases) {
    const Error error = ErrorFromTransport(failure, "http://h");
    EXPECT_EQ(error.kind, kind);
    EXPECT_EQ(error.message, "http://h: " + failure.message);
  }
}

}  // namespace
}  // namespace datastorage::client
