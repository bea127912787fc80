#include "client/client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>

#include "client/loopback_client.h"

namespace datastorage::client {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(Client, CreatesARecordUnderAKeyOfItsOwn) {
  LoopbackServer server(
      [](const SeenRequest&) { return Answer(201, R"({"id":"x"})", "ETag: \"1.s\"\r\n"); });
  Client client(At(server));
  const auto stored = client.Create("remediation", R"({"name":"n"})");
  ASSERT_TRUE(stored.has_value());
  EXPECT_EQ(stored->json, R"({"id":"x"})");
  EXPECT_EQ(stored->etag, "\"1.s\"");
  EXPECT_TRUE(stored->is_new);
  EXPECT_FALSE(stored->is_replayed);
  ASSERT_TRUE(client.Create("remediation", "{}", {"my-key", true}).has_value());

  const std::vector<SeenRequest> seen = server.requests();
  EXPECT_EQ(seen[0].target, "/api/v1/audit/remediation");
  EXPECT_EQ(seen[0].body, R"({"name":"n"})");
  EXPECT_EQ(seen[0].Header("content-type"), "application/json");
  EXPECT_EQ(seen[0].Header("idempotency-key").size(), 36U);
  EXPECT_EQ(seen[0].Header("prefer"), "");
  EXPECT_EQ(seen[1].Header("idempotency-key"), "my-key");
  EXPECT_EQ(seen[1].Header("prefer"), "write=strict");
}

TEST(Client, TellsAnExistingAndAReplayedRecordFromANewOne) {
  LoopbackServer server(
      [](const SeenRequest&) { return Answer(200, "{}", "Idempotency-Replayed: true\r\n"); });
  Client client(At(server));
  const auto stored = client.Create("remediation", "{}");
  ASSERT_TRUE(stored.has_value());
  EXPECT_FALSE(stored->is_new);
  EXPECT_TRUE(stored->is_replayed);
}

TEST(Client, EncodesWhatItPutsIntoPaths) {
  LoopbackServer server([](const SeenRequest&) { return Answer(200, R"({"items":[]})"); });
  Client client(At(server));
  ASSERT_TRUE(client.Get("remediation", "key:a/b ?ü").has_value());
  ASSERT_TRUE(client.Search({{"q", "why & how?"}, {"kind", "workflow"}}).has_value());
  ASSERT_TRUE(client.Similar("execution", "e", {{"limit", "3"}}).has_value());
  ASSERT_TRUE(client.History("workflow", "w").has_value());
  const std::vector<SeenRequest> seen = server.requests();
  EXPECT_EQ(seen[0].target, "/api/v1/audit/remediation/key%3Aa%2Fb%20%3F%C3%BC");
  EXPECT_EQ(seen[1].target, "/api/v1/audit/search?q=why%20%26%20how%3F&kind=workflow");
  EXPECT_EQ(seen[2].target, "/api/v1/audit/execution/e/similar?limit=3");
  EXPECT_EQ(seen[3].target, "/api/v1/audit/workflow/w/history");
}

TEST(Client, PatchesTheVersionThatTheCallerNames) {
  LoopbackServer server([](const SeenRequest&) { return Answer(200, "{}", "ETag: \"4.p\"\r\n"); });
  Client client(At(server));
  const auto patched = client.Patch("workflow", "w", "3", R"({"phase":"failed"})");
  ASSERT_TRUE(patched.has_value());
  EXPECT_EQ(patched->etag, "\"4.p\"");
  ASSERT_TRUE(client.Patch("workflow", "w", "\"3.s\"", "{}").has_value());
  const std::vector<SeenRequest> seen = server.requests();
  EXPECT_EQ(seen[0].method, "PATCH");
  EXPECT_EQ(seen[0].Header("if-match"), "\"3.n\"");
  EXPECT_EQ(seen[0].Header("content-type"), "application/merge-patch+json");
  EXPECT_EQ(seen[1].Header("if-match"), "\"3.s\"");
}

TEST(Client, GivesAPageItemByItem) {
  LoopbackServer server([](const SeenRequest&) {
    return Answer(200, R"({"items":[{"a":1.50},{"b":"ü"}],"next_cursor":"c2"})");
  });
  Client client(At(server));
  const auto page = client.List("workflow", {{"limit", "2"}});
  ASSERT_TRUE(page.has_value());
  EXPECT_THAT(page->items, ElementsAre(R"({"a":1.50})", R"({"b":"ü"})"));
  EXPECT_EQ(page->next_cursor, "c2");
}

TEST(Client, KnowsTheLastPageByItsNullCursor) {
  LoopbackServer server(
      [](const SeenRequest&) { return Answer(200, R"({"items":[],"next_cursor":null})"); });
  Client client(At(server));
  const auto page = client.List("workflow", {});
  ASSERT_TRUE(page.has_value());
  EXPECT_EQ(page->next_cursor, "");
}

TEST(Client, RefusesAListThatIsNone) {
  LoopbackServer server([](const SeenRequest&) { return Answer(200, "[]"); });
  Client client(At(server));
  const auto page = client.List("workflow", {});
  ASSERT_FALSE(page.has_value());
  EXPECT_EQ(page.error().kind, ErrorKind::kProtocol);
}

// One line out, one result back, and only those that were answered count.
TEST(Client, StreamsABatch) {
  LoopbackServer server([](const SeenRequest&) {
    return Answer(200,
                  "{\"index\":0,\"status\":201,\"id\":\"i0\",\"vector\":\"synced\"}\n"
                  "{\"index\":1,\"status\":200,\"id\":\"i1\"}\n"
                  "{\"index\":2,\"status\":422,\"error\":{\"detail\":\"bad\",\"errors\":"
                  "[{\"pointer\":\"/record/name\",\"message\":\"is required\"}]}}\n"
                  "{\"index\":3,\"status\":503,\"error\":{\"title\":\"busy\"}}\n");
  });
  Client client(At(server));
  int next = 0;
  const auto source = [&next]() -> std::optional<std::string> {
    return next < 4 ? std::optional("{\"n\":" + std::to_string(next++) + "}") : std::nullopt;
  };
  std::vector<ItemResult> results;
  const auto count =
      client.CreateBatch(source, [&results](const ItemResult& item) { results.push_back(item); });
  ASSERT_TRUE(count.has_value()) << count.error().message;
  EXPECT_EQ(*count, 4U);
  ASSERT_EQ(results.size(), 4U);
  EXPECT_EQ(results[0].id, "i0");
  EXPECT_EQ(results[0].status, 201);
  EXPECT_FALSE(results[1].error.has_value());
  ASSERT_TRUE(results[2].error.has_value());
  EXPECT_EQ(results[2].error->kind, ErrorKind::kRefused);
  EXPECT_EQ(results[2].error->violations.at(0).where, "/record/name");
  EXPECT_EQ(results[3].error->kind, ErrorKind::kTryAgain);
  const SeenRequest seen = server.requests().at(0);
  EXPECT_EQ(seen.target, "/api/v1/audit/batch");
  EXPECT_EQ(seen.body, "{\"n\":0}\n{\"n\":1}\n{\"n\":2}\n{\"n\":3}\n");
  EXPECT_EQ(seen.Header("content-type"), "application/x-ndjson");
}

TEST(Client, SaysWhenABatchEndsEarlyOrIsNone) {
  LoopbackServer cut([](const SeenRequest&) {
    return "HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n{\"index\":0,\"status\":201}\n";
  });
  LoopbackServer wrong([](const SeenRequest&) { return Answer(200, "{\"hello\":1}\n"); });
  const auto source = [] { return std::optional<std::string>(); };
  int result_count = 0;
  const auto sink = [&result_count](const ItemResult&) { ++result_count; };
  // The connection is cut by stopping the server from another thread once the answer is out.
  Client to_cut(At(cut));
  std::thread stopper([&cut] {
    while (cut.requests().empty()) std::this_thread::yield();
    cut.Stop();
  });
  EXPECT_FALSE(to_cut.CreateBatch(source, sink).has_value());
  stopper.join();
  EXPECT_LE(result_count, 1);
  Client to_wrong(At(wrong));
  const auto answer = to_wrong.CreateBatch(source, sink);
  ASSERT_FALSE(answer.has_value());
  EXPECT_EQ(answer.error().kind, ErrorKind::kProtocol);
}

TEST(Client, TakesNotReadyForAnAnswerAboutHealth) {
  std::atomic<int> count = 0;
  LoopbackServer server([&count](const SeenRequest&) {
    return Answer(++count == 1 ? 503 : 200, R"({"status":"x"})");
  });
  Client client(At(server));
  const auto down = client.CheckHealth();
  ASSERT_TRUE(down.has_value());
  EXPECT_FALSE(down->is_ready);
  EXPECT_TRUE(client.CheckHealth()->is_ready);
  EXPECT_EQ(server.requests()[0].target.substr(0, 15), "/readyz?verbose");
}

}  // namespace
}  // namespace datastorage::client
