// The server over real sockets, with a handler that echoes: framing, limits, time, overload, stop.
#include "http/server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "support/raw_client.h"

namespace datastorage::http {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

// Answers with method, path and body; "/block" waits until Release.
class EchoHandler final : public RequestHandler {
 public:
  Admission Admit(Request& head) override {
    Admission admission;
    admission.body_byte_count_max = head.path == "/large" ? 1'000'000 : 1'000;
    admission.is_streamed = head.path == "/stream";
    admission.is_instant = head.path == "/instant";
    if (head.path == "/refuse") admission.answer = Response{404, {}, "refused"};
    return admission;
  }

  Response Handle(const Request& request) override {
    thread_of_handler = std::this_thread::get_id();
    if (request.path == "/block") {
      std::unique_lock<std::mutex> lock(mutex_);
      ++blocked_;
      changed_.notify_all();
      changed_.wait(lock, [this] { return is_released_; });
    }
    return {
        200, {{"X-Seen", request.query}}, request.method + " " + request.path + " " + request.body};
  }

  std::unique_ptr<BodyStream> OpenStream(const Request& /*head*/) override;

  Response Refuse(const Refusal& refusal) override {
    return {refusal.status, {}, std::string(refusal.reason)};
  }

  void WaitUntilBlocked(int count) {
    std::unique_lock<std::mutex> lock(mutex_);
    changed_.wait(lock, [&] { return blocked_ >= count; });
  }
  void Release() {
    const std::lock_guard<std::mutex> lock(mutex_);
    is_released_ = true;
    changed_.notify_all();
  }

  std::atomic<std::thread::id> thread_of_handler{};

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  int blocked_ = 0;
  bool is_released_ = false;
};

// Answers each whole line with its length.
class LineLengths final : public BodyStream {
 public:
  Response Head() override { return {200, {{"Content-Type", "text/plain"}}, {}}; }
  std::string Take(std::string_view bytes, bool is_last) override {
    std::string output;
    for (const char c : bytes) {
      if (c != '\n') {
        ++length_;
        continue;
      }
      output += std::to_string(std::exchange(length_, 0)) + "\n";
    }
    if (is_last) output += "end\n";
    return output;
  }

 private:
  std::size_t length_ = 0;
};

std::unique_ptr<BodyStream> EchoHandler::OpenStream(const Request& /*head*/) {
  return std::make_unique<LineLengths>();
}

class ServerTest : public testing::Test {
 protected:
  ServerTest() {
    options_.worker_count = 2;
    options_.header_timeout = 10s;
    options_.body_timeout = 10s;
  }
  ~ServerTest() override { handler_.Release(); }

  std::uint16_t Start() {
    server_ = std::make_unique<Server>(handler_, options_);
    EXPECT_TRUE(server_->Start().has_value());
    return server_->port();
  }

  EchoHandler handler_;
  ServerOptions options_;
  std::unique_ptr<Server> server_;
};

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

TEST_F(ServerTest, KeepsAConnectionForSeveralRequests) {
  RawClient client(Start());
  for (int i = 0; i < 3; ++i) {
    const auto answer = client.Ask(Post("/a", "body " + std::to_string(i)));
    ASSERT_TRUE(answer.has_value());
    EXPECT_EQ(answer->body, "POST /a body " + std::to_string(i));
    EXPECT_EQ(answer->Header("connection"), "keep-alive");
  }
}

TEST_F(ServerTest, ClosesWhenAskedTo) {
  RawClient client(Start());
  const auto answer = client.Ask(Get("/", "Connection: close\r\n"));
  ASSERT_TRUE(answer.has_value());
  EXPECT_EQ(answer->Header("connection"), "close");
  EXPECT_TRUE(client.IsClosed());
}

TEST_F(ServerTest, ClosesAfterHttp10) {
  RawClient client(Start());
  ASSERT_EQ(client.Ask("GET / HTTP/1.0\r\n\r\n").value_or(RawAnswer()).status, 200);
  EXPECT_TRUE(client.IsClosed());
}

TEST_F(ServerTest, AnswersPipelinedRequestsInOrder) {
  RawClient client(Start());
  client.Send(Get("/1") + Post("/2", "two") + "\r\n" + Get("/3"));
  for (const char* body : {"GET /1 ", "POST /2 two", "GET /3 "}) {
    EXPECT_EQ(client.Receive().value_or(RawAnswer()).body, body);
  }
}

TEST_F(ServerTest, AnswersHeadWithoutABody) {
  RawClient client(Start());
  const auto answer = client.Ask("HEAD /a HTTP/1.1\r\nHost: h\r\n\r\n");
  ASSERT_TRUE(answer.has_value());
  EXPECT_EQ(answer->Header("content-length"), "8");
  EXPECT_EQ(client.Ask(Get("/next")).value_or(RawAnswer()).body, "GET /next ");
}

TEST_F(ServerTest, TakesChunkedBodiesInAnyPieces) {
  RawClient client(Start());
  const std::string request =
      "POST /c HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
      "4;x=y\r\nwiki\r\n5\r\npedia\r\n0\r\nX-Trailer: ignored\r\n\r\n";
  for (const char c : request) ASSERT_TRUE(client.Send(std::string_view(&c, 1)));
  EXPECT_EQ(client.Receive().value_or(RawAnswer()).body, "POST /c wikipedia");
  EXPECT_EQ(client.Ask(Get("/next")).value_or(RawAnswer()).status, 200);
}

TEST_F(ServerTest, InvitesABodyThatWaitsForIt) {
  RawClient client(Start());
  client.Send("POST /e HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_EQ(client.ReceiveUntil("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
  EXPECT_EQ(client.Ask("abc").value_or(RawAnswer()).body, "POST /e abc");
}

TEST_F(ServerTest, DoesNotInviteABodyThatItWillNotTake) {
  const std::uint16_t port = Start();
  const std::string expecting = "Host: h\r\nContent-Length: 3000\r\nExpect: 100-continue\r\n\r\n";
  EXPECT_EQ(Ask(port, "POST /e HTTP/1.1\r\n" + expecting).status, 413);
  EXPECT_EQ(Ask(port, "POST /refuse HTTP/1.1\r\n" + expecting).status, 404);
}

struct FramingCase {
  const char* name;
  const char* bytes;
};

class Framing : public ServerTest, public testing::WithParamInterface<FramingCase> {};

TEST_P(Framing, IsRefusedAndTheConnectionClosed) {
  RawClient client(Start());
  const auto answer = client.Ask(GetParam().bytes);
  ASSERT_TRUE(answer.has_value());
  EXPECT_EQ(answer->status, 400);
  EXPECT_EQ(answer->body, "framing");
  EXPECT_EQ(answer->Header("connection"), "close");
  EXPECT_TRUE(client.IsClosed());
}

INSTANTIATE_TEST_SUITE_P(
    Cases,
    Framing,
    testing::Values(
        FramingCase{"bare_line_feeds", "GET / HTTP/1.1\nHost: h\n\n"},
        FramingCase{"one_bare_line_feed", "GET / HTTP/1.1\r\nHost: h\nA: b\r\n\r\n"},
        FramingCase{"bare_end", "GET / HTTP/1.1\r\nHost: h\n\r\n"},
        FramingCase{"bare_carriage_return", "GET / HTTP/1.1\r\nHost: h\rA: b\r\n\r\n"},
        FramingCase{"folded", "GET / HTTP/1.1\r\nHost: h\r\nA: b\r\n c\r\n\r\n"},
        FramingCase{"folded_by_tab", "GET / HTTP/1.1\r\nHost: h\r\nA: b\r\n\tc\r\n\r\n"},
        FramingCase{
            "length_twice",
            "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\na"},
        FramingCase{
            "lengths_differ",
            "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab"},
        FramingCase{"length_list", "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1, 1\r\n\r\na"},
        FramingCase{"length_signed", "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: +1\r\n\r\na"},
        FramingCase{"length_negative", "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: -1\r\n\r\na"},
        FramingCase{"length_huge",
                    "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 99999999999999999999\r\n\r\na"},
        FramingCase{"chunked_with_length",
                    "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nTransfer-Encoding: "
                    "chunked\r\n\r\n0\r\n\r\n"},
        FramingCase{"length_after_chunked",
                    "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nContent-Length: "
                    "5\r\n\r\n0\r\n\r\n"},
        FramingCase{
            "other_coding",
            "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n"},
        FramingCase{
            "coding_twice",
            "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: "
            "chunked\r\n\r\n0\r\n\r\n"},
        FramingCase{"chunked_in_http_1_0",
                    "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"},
        FramingCase{"chunk_size",
                    "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nxy\r\n"},
        FramingCase{"chunk_without_end",
                    "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nabc\r\n"},
        FramingCase{"space_before_colon", "GET / HTTP/1.1\r\nHost: h\r\nA : b\r\n\r\n"},
        FramingCase{"no_host", "GET / HTTP/1.1\r\n\r\n"},
        FramingCase{"two_hosts", "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"},
        FramingCase{"no_version", "GET /\r\n\r\n"},
        FramingCase{"http_2", "GET / HTTP/2.0\r\nHost: h\r\n\r\n"},
        FramingCase{"absolute_target", "GET http://h/ HTTP/1.1\r\nHost: h\r\n\r\n"},
        FramingCase{"control_character", "GET / HTTP/1.1\r\nHost: h\r\nA: \x01\r\n\r\n"},
        FramingCase{"not_http", "\x16\x03\x01 nonsense\r\n\r\n"}),
    [](const auto& tested) { return std::string(tested.param.name); });

TEST_F(ServerTest, RefusesALargeBodyByItsAnnouncedLength) {
  RawClient client(Start());
  const auto answer = client.Ask(Post("/a", std::string(1'001, 'x')));
  EXPECT_EQ(answer.value_or(RawAnswer()).status, 413);
  EXPECT_TRUE(client.IsClosed());
}

TEST_F(ServerTest, TakesABodyOfExactlyTheLimit) {
  EXPECT_EQ(Ask(Start(), Post("/a", std::string(1'000, 'x'))).status, 200);
}

TEST_F(ServerTest, RefusesALargeChunkedBodyWhileItComes) {
  RawClient client(Start());
  client.Send("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n");
  const std::string chunk = "200\r\n" + std::string(512, 'x') + "\r\n";
  client.Send(chunk + chunk);
  EXPECT_EQ(client.Receive().value_or(RawAnswer()).status, 413);
}

// The answer must reach a client that sends its whole body before it reads.
TEST_F(ServerTest, IsHeardByAClientThatSendsOn) {
  RawClient client(Start());
  EXPECT_TRUE(client.Send(Post("/a", std::string(4u << 20, 'x'))));
  EXPECT_EQ(client.Receive().value_or(RawAnswer()).status, 413);
}

TEST_F(ServerTest, RefusesLargeHeads) {
  const std::uint16_t port = Start();
  const std::string large(limits::kHeaderByteCountMax, 'x');
  EXPECT_EQ(Ask(port, Get("/", "A: " + large + "\r\n")).status, 431);
  EXPECT_EQ(Ask(port, Get("/" + large)).status, 414);
  EXPECT_EQ(Ask(port, Get("/" + large.substr(0, limits::kUriByteCountMax))).status, 414);
  EXPECT_EQ(Ask(port, Get("/" + large.substr(0, limits::kUriByteCountMax - 1))).status, 200);
  EXPECT_EQ(Ask(port, Get("/", "A: " + large.substr(0, large.size() - 100) + "\r\n")).status, 200);
}

TEST_F(ServerTest, GivesASlowHeadATotalTime) {
  options_.header_timeout = 200ms;
  RawClient client(Start());
  client.Send("GET / HTTP/1.1\r\n");
  const auto answer = client.Receive();
  EXPECT_EQ(answer.value_or(RawAnswer()).status, 408);
  EXPECT_TRUE(client.IsClosed());
}

// Each byte is in time, the whole is not.
TEST_F(ServerTest, IsNotKeptWaitingByteByByte) {
  options_.header_timeout = 300ms;
  RawClient client(Start());
  const auto begin = std::chrono::steady_clock::now();
  std::thread sender([&client] {
    client.Send("GET / HTTP/1.1\r\nHost: h\r\n");
    for (int i = 0; i < 200 && client.Send("A: b\r\n"); ++i) std::this_thread::sleep_for(20ms);
  });
  EXPECT_EQ(client.Receive().value_or(RawAnswer()).status, 408);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 3s);
  sender.join();
}

TEST_F(ServerTest, GivesASlowBodyATotalTime) {
  options_.body_timeout = 200ms;
  RawClient client(Start());
  client.Send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nab");
  EXPECT_EQ(client.Receive().value_or(RawAnswer()).status, 408);
}

TEST_F(ServerTest, ClosesAnIdleConnectionWithoutAWord) {
  options_.idle_timeout = 100ms;
  RawClient client(Start());
  ASSERT_EQ(client.Ask(Get("/")).value_or(RawAnswer()).status, 200);
  EXPECT_TRUE(client.IsClosed());
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

TEST_F(ServerTest, BoundsTheBytesOfBodiesBeingRead) {
  options_.body_byte_count_max = 500'000;
  const std::uint16_t port = Start();
  for (int i = 0; i < 3; ++i) {
    const RawAnswer refused = Ask(port, Post("/large", std::string(900'000, 'x')));
    EXPECT_EQ(refused.status, 503);
    EXPECT_EQ(refused.body, "bodies_full");
    // What was held has been given back.
    EXPECT_EQ(Ask(port, Post("/large", std::string(400'000, 'x'))).status, 200);
  }
}

TEST_F(ServerTest, StreamsAnAnswerWhileTheBodyComes) {
  RawClient client(Start());
  client.Send("POST /stream HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n");
  client.Send("4\r\nabc\n\r\n");
  EXPECT_THAT(client.ReceiveUntil("3\n"), HasSubstr("Transfer-Encoding: chunked"));
  client.Send("2\r\nde\r\n");
  client.Send("2\r\nf\n\r\n0\r\n\r\n");
  EXPECT_THAT(client.ReceiveUntil("0\r\n\r\n"), HasSubstr("end\n"));
  EXPECT_EQ(client.Ask(Get("/next")).value_or(RawAnswer()).status, 200);
}

TEST_F(ServerTest, StreamsBodiesBeyondAnyLimit) {
  RawClient client(Start());
  const std::string line = std::string(99'999, 'x') + "\n";
  constexpr int kLineCount = 200;
  client.Send("POST /stream HTTP/1.1\r\nHost: h\r\nContent-Length: " +
              std::to_string(line.size() * kLineCount) + "\r\n\r\n");
  for (int i = 0; i < kLineCount; ++i) ASSERT_TRUE(client.Send(line));
  const RawAnswer answer = client.Receive().value_or(RawAnswer());
  std::string expected;
  for (int i = 0; i < kLineCount; ++i) expected += "99999\n";
  EXPECT_EQ(answer.body, expected + "end\n");
  EXPECT_FALSE(answer.is_cut);
}

TEST_F(ServerTest, GivesAStreamTimeForEachLine) {
  options_.body_timeout = 200ms;
  RawClient client(Start());
  client.Send("POST /stream HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n");
  client.Send("4\r\nabc\n\r\n2\r\nde\r\n");
  const RawAnswer answer = client.Receive().value_or(RawAnswer());
  EXPECT_EQ(answer.body, "3\n");
  EXPECT_TRUE(answer.is_cut);
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
