// The life of a connection over real sockets: framing, limits, time, streams.
#include "server_fixture.h"

namespace datastorage::http {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

class ConnectionTest : public ServerFixture {};

TEST_F(ConnectionTest, KeepsAConnectionForSeveralRequests) {
  RawClient client(Start());
  for (int i = 0; i < 3; ++i) {
    const auto answer = client.Ask(Post("/a", "body " + std::to_string(i)));
    ASSERT_TRUE(answer.has_value());
    EXPECT_EQ(answer->body, "POST /a body " + std::to_string(i));
    EXPECT_EQ(answer->Header("connection"), "keep-alive");
  }
}

TEST_F(ConnectionTest, ClosesWhenAskedTo) {
  RawClient client(Start());
  const auto answer = client.Ask(Get("/", "Connection: close\r\n"));
  ASSERT_TRUE(answer.has_value());
  EXPECT_EQ(answer->Header("connection"), "close");
  EXPECT_TRUE(client.IsClosed());
}

TEST_F(ConnectionTest, ClosesAfterHttp10) {
  RawClient client(Start());
  ASSERT_EQ(client.Ask("GET / HTTP/1.0\r\n\r\n").value_or(RawAnswer()).status, 200);
  EXPECT_TRUE(client.IsClosed());
}

TEST_F(ConnectionTest, AnswersPipelinedRequestsInOrder) {
  RawClient client(Start());
  client.Send(Get("/1") + Post("/2", "two") + "\r\n" + Get("/3"));
  for (const char* body : {"GET /1 ", "POST /2 two", "GET /3 "}) {
    EXPECT_EQ(client.Receive().value_or(RawAnswer()).body, body);
  }
}

TEST_F(ConnectionTest, AnswersHeadWithoutABody) {
  RawClient client(Start());
  const auto answer = client.Ask("HEAD /a HTTP/1.1\r\nHost: h\r\n\r\n");
  ASSERT_TRUE(answer.has_value());
  EXPECT_EQ(answer->Header("content-length"), "8");
  EXPECT_EQ(client.Ask(Get("/next")).value_or(RawAnswer()).body, "GET /next ");
}

TEST_F(ConnectionTest, TakesChunkedBodiesInAnyPieces) {
  RawClient client(Start());
  const std::string request =
      "POST /c HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
      "4;x=y\r\nwiki\r\n5\r\npedia\r\n0\r\nX-Trailer: ignored\r\n\r\n";
  for (const char c : request) ASSERT_TRUE(client.Send(std::string_view(&c, 1)));
  EXPECT_EQ(client.Receive().value_or(RawAnswer()).body, "POST /c wikipedia");
  EXPECT_EQ(client.Ask(Get("/next")).value_or(RawAnswer()).status, 200);
}

TEST_F(ConnectionTest, InvitesABodyThatWaitsForIt) {
  RawClient client(Start());
  client.Send("POST /e HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_EQ(client.ReceiveUntil("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
  EXPECT_EQ(client.Ask("abc").value_or(RawAnswer()).body, "POST /e abc");
}

TEST_F(ConnectionTest, DoesNotInviteABodyThatItWillNotTake) {
  const std::uint16_t port = Start();
  const std::string expecting = "Host: h\r\nContent-Length: 3000\r\nExpect: 100-continue\r\n\r\n";
  EXPECT_EQ(Ask(port, "POST /e HTTP/1.1\r\n" + expecting).status, 413);
  EXPECT_EQ(Ask(port, "POST /refuse HTTP/1.1\r\n" + expecting).status, 404);
}

struct FramingCase {
  const char* name;
  const char* bytes;
};

class Framing : public ConnectionTest, public testing::WithParamInterface<FramingCase> {};

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
        FramingCase{"chunk_by_bare_line_feeds",
                    "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n1\na\n0\n\n"},
        FramingCase{"no_chunk_by_bare_line_feeds",
                    "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n0\n\n"},
        FramingCase{"space_before_colon", "GET / HTTP/1.1\r\nHost: h\r\nA : b\r\n\r\n"},
        FramingCase{"no_host", "GET / HTTP/1.1\r\n\r\n"},
        FramingCase{"two_hosts", "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"},
        FramingCase{"no_version", "GET /\r\n\r\n"},
        FramingCase{"http_2", "GET / HTTP/2.0\r\nHost: h\r\n\r\n"},
        FramingCase{"foreign_target", "GET ftp://h/ HTTP/1.1\r\nHost: h\r\n\r\n"},
        FramingCase{"control_character", "GET / HTTP/1.1\r\nHost: h\r\nA: \x01\r\n\r\n"},
        FramingCase{"not_http", "\x16\x03\x01 nonsense\r\n\r\n"}),
    [](const auto& tested) { return std::string(tested.param.name); });

TEST_F(ConnectionTest, RefusesALargeBodyByItsAnnouncedLength) {
  RawClient client(Start());
  const auto answer = client.Ask(Post("/a", std::string(1'001, 'x')));
  EXPECT_EQ(answer.value_or(RawAnswer()).status, 413);
  EXPECT_EQ(answer.value_or(RawAnswer()).Header("x-path"), "/a");
  EXPECT_TRUE(client.IsClosed());
}

TEST_F(ConnectionTest, TakesABodyOfExactlyTheLimit) {
  EXPECT_EQ(Ask(Start(), Post("/a", std::string(1'000, 'x'))).status, 200);
}

TEST_F(ConnectionTest, RefusesALargeChunkedBodyWhileItComes) {
  RawClient client(Start());
  client.Send("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n");
  const std::string chunk = "200\r\n" + std::string(512, 'x') + "\r\n";
  client.Send(chunk + chunk);
  const RawAnswer answer = client.Receive().value_or(RawAnswer());
  EXPECT_EQ(answer.status, 413);
  EXPECT_EQ(answer.Header("x-path"), "/");
}

// The answer must reach a client that sends its whole body before it reads.
TEST_F(ConnectionTest, IsHeardByAClientThatSendsOn) {
  RawClient client(Start());
  EXPECT_TRUE(client.Send(Post("/a", std::string(4u << 20, 'x'))));
  EXPECT_EQ(client.Receive().value_or(RawAnswer()).status, 413);
}

TEST_F(ConnectionTest, RefusesLargeHeads) {
  const std::uint16_t port = Start();
  const std::string large(limits::kHeaderByteCountMax, 'x');
  EXPECT_EQ(Ask(port, Get("/", "A: " + large + "\r\n")).status, 431);
  EXPECT_EQ(Ask(port, Get("/" + large)).status, 414);
  EXPECT_EQ(Ask(port, Get("/" + large.substr(0, limits::kUriByteCountMax))).status, 414);
  EXPECT_EQ(Ask(port, Get("/" + large.substr(0, limits::kUriByteCountMax - 1))).status, 200);
  EXPECT_EQ(Ask(port, Get("/?" + large.substr(0, limits::kUriByteCountMax - 1))).status, 414);
  EXPECT_EQ(Ask(port, Get("/?" + large.substr(0, limits::kUriByteCountMax - 2))).status, 200);
  EXPECT_EQ(Ask(port, Get("/", "A: " + large.substr(0, large.size() - 100) + "\r\n")).status, 200);
}

TEST_F(ConnectionTest, GivesASlowHeadATotalTime) {
  options_.header_timeout = 200ms;
  RawClient client(Start());
  client.Send("GET / HTTP/1.1\r\n");
  const auto answer = client.Receive();
  EXPECT_EQ(answer.value_or(RawAnswer()).status, 408);
  EXPECT_TRUE(client.IsClosed());
}

// Each byte is in time, the whole is not.
TEST_F(ConnectionTest, IsNotKeptWaitingByteByByte) {
  options_.header_timeout = 300ms;
  RawClient client(Start());
  const auto begin = std::chrono::steady_clock::now();
  client.Send("GET / HTTP/1.1\r\nHost: h\r\n");
  for (int i = 0; i < 500 && !client.HasAnswerWithin(10ms); ++i) client.Send("A: b\r\n");
  EXPECT_EQ(client.Receive().value_or(RawAnswer()).status, 408);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 3s);
}

TEST_F(ConnectionTest, GivesASlowBodyATotalTime) {
  options_.body_timeout = 200ms;
  options_.header_timeout = 10s;  // The timer is set to this when the body's time begins.
  RawClient client(Start());
  const auto begin = std::chrono::steady_clock::now();
  client.Send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nab");
  EXPECT_EQ(client.Receive().value_or(RawAnswer()).status, 408);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 5s);
}

TEST_F(ConnectionTest, ClosesAnIdleConnectionWithoutAWord) {
  options_.idle_timeout = 100ms;
  RawClient client(Start());
  ASSERT_EQ(client.Ask(Get("/")).value_or(RawAnswer()).status, 200);
  EXPECT_TRUE(client.IsClosed());
}

// The timer was set for the head, and goes on from there.
TEST_F(ConnectionTest, LeavesAnIdleConnectionItsWholeTime) {
  options_.header_timeout = 300ms;
  options_.idle_timeout = 600ms;
  RawClient client(Start());
  ASSERT_EQ(client.Ask(Get("/")).value_or(RawAnswer()).status, 200);
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_TRUE(client.IsClosed());
  EXPECT_GE(std::chrono::steady_clock::now() - begin, 500ms);
}

TEST_F(ConnectionTest, BoundsTheBytesOfBodiesBeingRead) {
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

TEST_F(ConnectionTest, StreamsAnAnswerWhileTheBodyComes) {
  RawClient client(Start());
  client.Send("POST /stream HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n");
  client.Send("4\r\nabc\n\r\n");
  EXPECT_THAT(client.ReceiveUntil("3\n"), HasSubstr("Transfer-Encoding: chunked"));
  client.Send("2\r\nde\r\n");
  client.Send("2\r\nf\n\r\n0\r\n\r\n");
  EXPECT_THAT(client.ReceiveUntil("0\r\n\r\n"), HasSubstr("end\n"));
  EXPECT_EQ(client.Ask(Get("/next")).value_or(RawAnswer()).status, 200);
}

TEST_F(ConnectionTest, StreamsBodiesBeyondAnyLimit) {
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

TEST_F(ConnectionTest, GivesAStreamTimeForEachLine) {
  options_.body_timeout = 200ms;
  RawClient client(Start());
  client.Send("POST /stream HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n");
  client.Send("4\r\nabc\n\r\n2\r\nde\r\n");
  const RawAnswer answer = client.Receive().value_or(RawAnswer());
  EXPECT_EQ(answer.body, "3\n");
  EXPECT_TRUE(answer.is_cut);
}

}  // namespace
}  // namespace datastorage::http
