#include "opensearch/cluster.h"

#include <gtest/gtest.h>

#include <future>

#include "support/loopback_server.h"

namespace datastorage::opensearch {
namespace {

using test::Answer;
using test::LoopbackServer;
using test::SeenRequest;

Host HostOf(const std::string& url) {
  const std::size_t colon = url.rfind(':');
  return {"127.0.0.1", static_cast<std::uint16_t>(std::stoi(url.substr(colon + 1)))};
}

std::unique_ptr<Cluster> Made(std::vector<std::string> urls,
                              std::string user = "",
                              Duration patience = std::chrono::seconds(5)) {
  Address address;
  for (const std::string& url : urls) address.hosts.push_back(HostOf(url));
  address.index = "i";
  address.user = std::move(user);
  address.password = "p";
  ClusterOptions options;
  options.node_patience = patience;
  return Cluster::Make(address, options).value();
}

Deadline Soon() {
  return Deadline::In(std::chrono::seconds(10));
}

TEST(OpensearchCluster, SendsWhoAsksAndWhatTheBodyIs) {
  LoopbackServer node([](const SeenRequest&) { return Answer(200, "{}"); });
  const auto cluster = Made({node.url()}, "u");
  EXPECT_EQ(cluster->Send({"POST", "/i/_bulk?x=1", "a\n", true}, Soon()).value().body, "{}");
  EXPECT_TRUE(cluster->Send({"GET", "/i", "", false}, Soon()).has_value());
  const std::vector<SeenRequest> seen = node.requests();
  ASSERT_EQ(seen.size(), 2u);
  EXPECT_EQ(seen[0].target, "/i/_bulk?x=1");
  EXPECT_EQ(seen[0].body, "a\n");
  EXPECT_EQ(seen[0].Header("content-type"), "application/x-ndjson");
  EXPECT_EQ(seen[0].Header("authorization"), "Basic dTpw");
  EXPECT_EQ(seen[1].Header("content-type"), "");
}

// The statuses that speak of the request come back; those of the node, its load, the operator's
// settings, or of what is no OpenSearch at all are failures to get an answer.
TEST(OpensearchCluster, TellsAnswersFromFailures) {
  int status = 0;
  LoopbackServer node([&](const SeenRequest&) {
    return Answer(status, "{}", "Location: http://127.0.0.1:1/elsewhere\r\n");
  });
  const auto cluster = Made({node.url()});
  for (const int each : {200, 201, 400, 404, 409}) {
    status = each;
    EXPECT_EQ(cluster->Send({"GET", "/", "", false}, Soon()).value().status, each);
  }
  for (const int each : {301, 307, 401, 403, 413, 429, 500, 502, 503, 504}) {
    status = each;
    const auto answer = cluster->Send({"GET", "/", "", false}, Soon());
    ASSERT_FALSE(answer.has_value()) << each;
    EXPECT_EQ(answer.error().code, ErrorCode::kUnavailable);
  }
  EXPECT_EQ(node.requests().size(), 15u) << "a redirect was followed, or a request repeated";
}

TEST(OpensearchCluster, AsksAnotherNodeAndStaysWithIt) {
  LoopbackServer sick([](const SeenRequest&) { return Answer(503, "{}"); });
  LoopbackServer well([](const SeenRequest&) { return Answer(200, "{}"); });
  for (const std::string& bad : {test::DeadUrl(), sick.url()}) {
    const std::size_t before = well.requests().size();
    const auto cluster = Made({bad, well.url()});
    for (int i = 0; i < 3; ++i) {
      EXPECT_TRUE(cluster->Send({"GET", "/", "", false}, Soon()).has_value());
    }
    EXPECT_EQ(well.requests().size(), before + 3);
  }
  EXPECT_EQ(sick.requests().size(), 1u);
}

TEST(OpensearchCluster, LosesPatienceWithANodeThatHangs) {
  std::promise<void> end;
  const std::shared_future<void> ended = end.get_future().share();
  LoopbackServer hung([ended](const SeenRequest&) {
    ended.wait();
    return Answer(200, "{}");
  });
  LoopbackServer well([](const SeenRequest&) { return Answer(200, "{}"); });
  const auto cluster = Made({hung.url(), well.url()}, "", std::chrono::milliseconds(50));
  EXPECT_TRUE(cluster->Send({"GET", "/", "", false}, Soon()).has_value());
  EXPECT_EQ(well.requests().size(), 1u);
  const auto alone = Made({hung.url()}, "", std::chrono::milliseconds(50));
  const auto answer =
      alone->Send({"GET", "/", "", false}, Deadline::In(std::chrono::milliseconds(80)));
  ASSERT_FALSE(answer.has_value());
  EXPECT_EQ(answer.error().code, ErrorCode::kDeadlineExceeded);
  end.set_value();
}

TEST(OpensearchCluster, SendsNothingOnceTheDeadlineHasPassed) {
  LoopbackServer node([](const SeenRequest&) { return Answer(200, "{}"); });
  const auto cluster = Made({node.url(), node.url()});
  const auto answer = cluster->Send({"GET", "/", "", false}, Deadline::At(SteadyTime()));
  ASSERT_FALSE(answer.has_value());
  EXPECT_EQ(answer.error().code, ErrorCode::kDeadlineExceeded);
  EXPECT_TRUE(node.requests().empty());
}

}  // namespace
}  // namespace datastorage::opensearch
