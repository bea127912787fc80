#include "net/http_client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <latch>

#include "support/loopback_server.h"

namespace datastorage::net {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using test::Answer;
using test::LoopbackServer;
using test::SeenRequest;
using testing::ElementsAre;

Deadline Soon() {
  return Deadline::In(seconds(20));
}

HttpRequest Request(const LoopbackServer& server, std::string method = "GET") {
  HttpRequest request;
  request.method = std::move(method);
  request.url = server.url() + "/thing";
  return request;
}

TEST(HttpClient, SendsMethodHeadersAndBodyAndReadsTheAnswer) {
  LoopbackServer server([](const SeenRequest&) {
    return Answer(404, "not\nhere", "ETag:  \"1.s\" \r\nX-Empty:\r\n");
  });
  HttpClient client({});
  HttpRequest request = Request(server, "PATCH");
  request.headers = {{"X-One", "1"}, {"X-None", ""}};
  request.body = std::string("a\0b", 3);
  const auto answer = client.Send(request, Soon());
  ASSERT_TRUE(answer.has_value()) << answer.error().message;
  EXPECT_EQ(answer->status, 404);
  EXPECT_EQ(answer->body, "not\nhere");
  ASSERT_NE(answer->FindHeader("etag"), nullptr);
  EXPECT_EQ(*answer->FindHeader("etag"), "\"1.s\"");
  EXPECT_EQ(answer->FindHeader("absent"), nullptr);
  const SeenRequest seen = server.requests().at(0);
  EXPECT_EQ(seen.method, "PATCH");
  EXPECT_EQ(seen.target, "/thing");
  EXPECT_EQ(seen.body, std::string("a\0b", 3));
  EXPECT_EQ(seen.Header("x-one"), "1");
  EXPECT_NE(seen.head.find("X-None:"), std::string::npos);
  EXPECT_EQ(seen.head.find("Expect"), std::string::npos);
  EXPECT_EQ(seen.head.find("Content-Type"), std::string::npos);
}

TEST(HttpClient, ReusesAConnection) {
  LoopbackServer server([](const SeenRequest&) { return Answer(200, "x"); });
  HttpClient client({});
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(client.Send(Request(server), Soon()).has_value());
  EXPECT_EQ(server.connection_count(), 1);
}

TEST(HttpClient, DoesNotFollowRedirects) {
  LoopbackServer server([](const SeenRequest&) {
    return Answer(302, "", "Location: http://127.0.0.1:1/elsewhere\r\n");
  });
  HttpClient client({});
  const auto answer = client.Send(Request(server), Soon());
  ASSERT_TRUE(answer.has_value());
  EXPECT_EQ(answer->status, 302);
}

TEST(HttpClient, StreamsTheBodyAndTheLinesOfTheAnswer) {
  LoopbackServer server([](const SeenRequest& request) {
    return Answer(200, "first\n\nthird " + std::to_string(request.body.size()));
  });
  HttpClient client({});
  HttpRequest request = Request(server, "POST");
  int left = 1'000;
  request.body_source = [&left](char* buffer, std::size_t size) -> std::size_t {
    if (left == 0) return 0;
    --left;
    std::fill_n(buffer, std::min<std::size_t>(size, 1'000), 'x');
    return std::min<std::size_t>(size, 1'000);
  };
  std::vector<std::string> lines;
  request.line_sink = [&lines](std::string_view line) { lines.emplace_back(line); };
  const auto answer = client.Send(request, Soon());
  ASSERT_TRUE(answer.has_value()) << answer.error().message;
  EXPECT_THAT(lines, ElementsAre("first", "", "third 1000000"));
  EXPECT_EQ(answer->body, "");
}

TEST(HttpClient, GivesTheWholeBodyOfAnErrorEvenWhereLinesWereAskedFor) {
  LoopbackServer server([](const SeenRequest&) { return Answer(503, "a\nb"); });
  HttpClient client({});
  HttpRequest request = Request(server, "POST");
  request.line_sink = [](std::string_view) { FAIL(); };
  const auto answer = client.Send(request, Soon());
  ASSERT_TRUE(answer.has_value());
  EXPECT_EQ(answer->body, "a\nb");
}

TEST(HttpClient, RefusesAnAnswerBeyondItsBounds) {
  LoopbackServer server([](const SeenRequest&) { return Answer(200, std::string(200'000, 'x')); });
  HttpClientOptions options;
  options.response_byte_count_max = 100'000;
  options.line_byte_count_max = 1'000;
  HttpClient client(options);
  HttpRequest request = Request(server);
  auto answer = client.Send(request, Soon());
  ASSERT_FALSE(answer.has_value());
  EXPECT_EQ(answer.error().code, ErrorCode::kResourceExhausted);
  request.line_sink = [](std::string_view) {};
  answer = client.Send(request, Soon());
  ASSERT_FALSE(answer.has_value());
  EXPECT_EQ(answer.error().code, ErrorCode::kResourceExhausted);
}

TEST(HttpClient, TellsWhyThereIsNoAnswer) {
  LoopbackServer mute([](const SeenRequest&) { return ""; });
  std::string dead_url;
  {
    LoopbackServer dead([](const SeenRequest&) { return ""; });
    dead_url = dead.url();
  }
  struct Case {
    std::string name;
    std::string url;
    bool is_idempotent;
    ErrorCode code;
  };
  const Case cases[] = {
      {"refused", dead_url, false, ErrorCode::kUnavailable},
      {"cut, idempotent", mute.url(), true, ErrorCode::kUnavailable},
      {"cut, not idempotent", mute.url(), false, ErrorCode::kOutcomeUnknown},
      {"no such host", "http://no-such-host.invalid", false, ErrorCode::kUnavailable},
      {"another scheme", "file:///etc/passwd", true, ErrorCode::kInvalidArgument},
      {"not a url", "http://[::x", true, ErrorCode::kInvalidArgument},
  };
  HttpClient client({});
  for (const Case& c : cases) {
    HttpRequest request;
    request.method = "POST";
    request.url = c.url;
    request.is_idempotent = c.is_idempotent;
    const auto answer = client.Send(request, Soon());
    ASSERT_FALSE(answer.has_value()) << c.name;
    EXPECT_EQ(answer.error().code, c.code) << c.name << ": " << answer.error().message;
  }
}

// The answer is held back until the client has given up.
TEST(HttpClient, GivesUpAtTheDeadline) {
  std::latch gave_up(1);
  LoopbackServer server([&gave_up](const SeenRequest&) {
    gave_up.wait();
    return Answer(200, "late");
  });
  HttpClient client({});
  HttpRequest request = Request(server, "POST");
  auto answer = client.Send(request, Deadline::In(milliseconds(50)));
  ASSERT_FALSE(answer.has_value());
  EXPECT_EQ(answer.error().code, ErrorCode::kDeadlineExceeded);
  request.is_idempotent = false;
  answer = client.Send(request, Deadline::In(milliseconds(500)));
  ASSERT_FALSE(answer.has_value());
  EXPECT_EQ(answer.error().code, ErrorCode::kOutcomeUnknown);
  answer = client.Send(request, Deadline::In(milliseconds(-1)));
  ASSERT_FALSE(answer.has_value());
  EXPECT_EQ(answer.error().code, ErrorCode::kDeadlineExceeded);
  gave_up.count_down();
}

TEST(HttpClient, NeverHasMoreRequestsOnTheWayThanItsBound) {
  std::atomic<int> running = 0;
  std::atomic<int> most = 0;
  LoopbackServer server([&](const SeenRequest&) {
    const int now = ++running;
    int seen = most;
    while (now > seen && !most.compare_exchange_weak(seen, now)) {
    }
    std::this_thread::yield();
    --running;
    return Answer(200, "x");
  });
  HttpClientOptions options;
  options.connection_count_max = 2;
  HttpClient client(options);
  std::vector<std::thread> threads;
  std::atomic<int> answered = 0;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] {
      for (int k = 0; k < 20; ++k) answered += client.Send(Request(server), Soon()).has_value();
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(answered, 160);
  EXPECT_LE(most, 2);
  EXPECT_LE(server.connection_count(), 2);
}

// The server takes one request a connection and closes it without saying so.
TEST(HttpClient, DoesNotRepeatARequestThatIsNotIdempotentOnADeadConnection) {
  std::atomic<int> count = 0;
  LoopbackServer server(
      [&count](const SeenRequest&) { return ++count == 1 ? Answer(200, "x") : std::string(); });
  HttpClient client({});
  HttpRequest request = Request(server, "POST");
  request.is_idempotent = false;
  ASSERT_TRUE(client.Send(request, Soon()).has_value());
  EXPECT_FALSE(client.Send(request, Soon()).has_value());
  EXPECT_EQ(count, 2);
}

TEST(PercentEncode, KeepsOnlyUnreservedCharacters) {
  EXPECT_EQ(PercentEncode("aZ09-._~"), "aZ09-._~");
  EXPECT_EQ(PercentEncode("a b/ü%?"), "a%20b%2F%C3%BC%25%3F");
}

}  // namespace
}  // namespace datastorage::net
