// Listening, workers, overload and stopping, over real sockets.
#include "http/server.h"

#include "server_fixture.h"

namespace datastorage::http {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

class ServerTest : public ServerFixture {};

TEST_F(ServerTest, AnswersOnAnyFreePort) {
  const std::uint16_t port = Start();
  EXPECT_GT(port, 0);
  const RawAnswer answer = Ask(port, Get("/a?b=c"));
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body, "GET /a ");
  EXPECT_EQ(answer.Header("x-seen"), "b=c");
  EXPECT_EQ(answer.Header("server"), "datastorage");
  EXPECT_THAT(answer.Header("date"), HasSubstr(" GMT"));
  EXPECT_EQ(answer.Header("content-length"), "7");
}

TEST_F(ServerTest, ListensOnLoopbackOnly) {
  for (const char* host : {"0.0.0.0", "192.0.2.1", "::", "example.org"}) {
    options_.host = host;
    const Result<void> started = Server(handler_, options_).Start();
    ASSERT_FALSE(started.has_value()) << host;
    EXPECT_EQ(started.error().code, ErrorCode::kInvalidArgument) << host;
    EXPECT_THAT(started.error().message, HasSubstr(host));
  }
}

TEST_F(ServerTest, SaysThatThePortIsTaken) {
  options_.port = Start();
  const Result<void> started = Server(handler_, options_).Start();
  ASSERT_FALSE(started.has_value());
  EXPECT_EQ(started.error().code, ErrorCode::kUnavailable);
  EXPECT_THAT(started.error().message, HasSubstr("in use"));
}

TEST_F(ServerTest, RunsHandlersOnWorkersAndNotOnTheNetworkThread) {
  const std::uint16_t port = Start();
  Ask(port, Get("/instant"));
  const std::thread::id network = handler_.thread_of_handler;
  Ask(port, Get("/"));
  EXPECT_NE(handler_.thread_of_handler.load(), network);
  Ask(port, Get("/instant"));
  EXPECT_EQ(handler_.thread_of_handler.load(), network);
}

TEST_F(ServerTest, AnswersWhenTheQueueIsFull) {
  options_.worker_count = 1;
  options_.queue_count_max = 1;
  const std::uint16_t port = Start();
  RawClient running(port);
  running.Send(Get("/block"));
  handler_.WaitUntilBlocked(1);
  // One of the three waits for the worker; the other two find the queue full.
  std::atomic<int> served{0};
  std::atomic<int> refused{0};
  std::vector<std::thread> others;
  for (int i = 0; i < 3; ++i) {
    others.emplace_back([&] {
      const RawAnswer answer = Ask(port, Get("/waits"));
      if (answer.status == 200) ++served;
      if (answer.status == 503 && answer.body == "queue_full" && ++refused == 2) handler_.Release();
    });
  }
  for (std::thread& other : others) other.join();
  EXPECT_EQ(served, 1);
  EXPECT_EQ(refused, 2);
  EXPECT_EQ(running.Receive().value_or(RawAnswer()).status, 200);
}

TEST_F(ServerTest, TurnsAwayConnectionsBeyondItsBound) {
  options_.connection_count_max = 2;
  const std::uint16_t port = Start();
  RawClient first(port);
  RawClient second(port);
  ASSERT_EQ(first.Ask(Get("/")).value_or(RawAnswer()).status, 200);
  ASSERT_EQ(second.Ask(Get("/")).value_or(RawAnswer()).status, 200);
  RawClient third(port);
  const auto answer = third.Receive();
  ASSERT_TRUE(answer.has_value());
  EXPECT_EQ(answer->status, 503);
  EXPECT_EQ(answer->body, "connections_full");
  EXPECT_EQ(first.Ask(Get("/")).value_or(RawAnswer()).status, 200);
}

TEST_F(ServerTest, FinishesWhatIsRunningWhenStopped) {
  const std::uint16_t port = Start();
  RawClient idle(port);
  ASSERT_EQ(idle.Ask(Get("/")).value_or(RawAnswer()).status, 200);
  RawClient running(port);
  running.Send(Get("/block"));
  handler_.WaitUntilBlocked(1);
  std::thread stopper([this] { server_->Stop(10s); });
  EXPECT_TRUE(idle.IsClosed());
  EXPECT_FALSE(RawClient(port).Ask(Get("/")).has_value());
  handler_.Release();
  const auto answer = running.Receive();
  ASSERT_TRUE(answer.has_value());
  EXPECT_EQ(answer->status, 200);
  EXPECT_EQ(answer->Header("connection"), "close");
  stopper.join();
}

TEST_F(ServerTest, ClosesWhatIsNotFinishedInTime) {
  const std::uint16_t port = Start();
  RawClient slow(port);
  slow.Send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\na");
  ASSERT_EQ(Ask(port, Get("/")).status, 200);
  const auto begin = std::chrono::steady_clock::now();
  server_->Stop(100ms);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 5s);
  EXPECT_FALSE(slow.Receive().has_value());
}

TEST_F(ServerTest, ServesManyConnectionsAtOnce) {
  const std::uint16_t port = Start();
  std::atomic<int> right{0};
  std::vector<std::thread> clients;
  for (int t = 0; t < 8; ++t) {
    clients.emplace_back([&right, port, t] {
      RawClient client(port);
      for (int i = 0; i < 200; ++i) {
        const std::string body = std::to_string(t) + "-" + std::to_string(i);
        const auto answer = client.Ask(Post("/x", body));
        if (answer.has_value() && answer->body == "POST /x " + body) ++right;
      }
    });
  }
  for (std::thread& client : clients) client.join();
  EXPECT_EQ(right, 1'600);
}

}  // namespace
}  // namespace datastorage::http
