// The API behind a server: one walk over real sockets, from record to search.
#include "http/api.h"

#include "api_fixture.h"
#include "http/server.h"
#include "support/raw_client.h"

namespace datastorage::http {
namespace {

using testing::HasSubstr;

class ServedApi : public ApiFixture {
 protected:
  ServedApi() { EXPECT_TRUE(server_.Start().has_value()); }

  Server server_{api_.public_handler(), {}};
};

TEST_F(ServedApi, RecordsAndFinds) {
  RawClient client(server_.port());
  const auto created = client.Ask(
      datastorage::Post("/api/v1/audit/remediation", RemediationJson("r-1", "out of memory")));
  ASSERT_TRUE(created.has_value());
  EXPECT_EQ(created->status, 201);
  const auto read = client.Ask(datastorage::Get(created->Header("location")));
  EXPECT_EQ(read.value_or(RawAnswer()).body, created->body);
  const auto unchanged = client.Ask(datastorage::Get(
      created->Header("location"), "If-None-Match: " + created->Header("etag") + "\r\n"));
  EXPECT_EQ(unchanged.value_or(RawAnswer()).status, 304);
  const auto found = client.Ask(datastorage::Get("/api/v1/audit/search?q=memory"));
  EXPECT_THAT(found.value_or(RawAnswer()).body, HasSubstr("\"remediation_request_id\":\"r-1\""));
  const auto head = client.Ask("HEAD /readyz HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_EQ(head.value_or(RawAnswer()).status, 200);
}

TEST_F(ServedApi, StreamsABatchBothWays) {
  RawClient client(server_.port());
  client.Send(
      "POST /api/v1/audit/batch HTTP/1.1\r\nHost: h\r\nContent-Type: application/x-ndjson\r\n"
      "Transfer-Encoding: chunked\r\n\r\n");
  for (int i = 0; i < 3; ++i) {
    const std::string line =
        R"({"kind":"remediation","record":)" + RemediationJson("r-" + std::to_string(i)) + "}\n";
    client.Send(ChunkText(line));
    // Answered before the next line is sent.
    EXPECT_THAT(client.ReceiveUntil("}\n"), HasSubstr("\"status\":201"));
  }
  client.Send(ChunkText(""));
  client.ReceiveUntil("0\r\n\r\n");
  EXPECT_EQ(client.Ask(datastorage::Get("/livez")).value_or(RawAnswer()).status, 200);
}

TEST_F(ServedApi, NamesWhatTheServerRefuses) {
  const RawAnswer answer = Ask(server_.port(), "GET / HTTP/1.1\nHost: h\n\n");
  EXPECT_EQ(answer.status, 400);
  EXPECT_EQ(answer.Header("content-type"), "application/problem+json");
  EXPECT_THAT(answer.body, HasSubstr("/problems/bad-framing"));
  EXPECT_NE(answer.Header("x-request-id"), "");
}

TEST(Api, GivesTheOpenApiDocumentWithoutAServer) {
  EXPECT_THAT(OpenApiText("9.9.9"), HasSubstr("\"version\":\"9.9.9\""));
}

}  // namespace
}  // namespace datastorage::http
