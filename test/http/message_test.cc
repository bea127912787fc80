// Answers as bytes.
#include "http/message.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace datastorage::http {
namespace {

using testing::HasSubstr;
using testing::Not;

const WallTime kTime{std::chrono::seconds(1'772'323'200)};

TEST(Message, WritesHeads) {
  const Response response{201, {{"Location", "/x"}}, "body"};
  EXPECT_EQ(HeadText(response, 4, true, kTime),
            "HTTP/1.1 201 Created\r\nDate: Sun, 01 Mar 2026 00:00:00 GMT\r\n"
            "Server: datastorage\r\nLocation: /x\r\nContent-Length: 4\r\n"
            "Connection: keep-alive\r\n\r\n");
}

TEST(Message, DescribesNoBodyWhereThereIsNone) {
  EXPECT_THAT(HeadText({204, {}, {}}, 0, false, kTime), Not(HasSubstr("Content-Length")));
  EXPECT_THAT(HeadText({304, {}, {}}, 0, false, kTime), Not(HasSubstr("Content-Length")));
  EXPECT_THAT(HeadText({200, {}, {}}, std::nullopt, false, kTime),
              HasSubstr("Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n"));
}

// Otherwise a client could write headers, or a whole answer, of its own.
TEST(Message, KeepsLineBreaksOutOfHeaders) {
  const std::string head = HeadText({200, {{"X", "a\r\nSet-Cookie: b\n\0"}}, {}}, 0, true, kTime);
  EXPECT_THAT(head, HasSubstr("X: a  Set-Cookie: b"));
  EXPECT_THAT(head, Not(HasSubstr("\nSet-Cookie")));
}

TEST(Message, CutsChunks) {
  EXPECT_EQ(ChunkText("twelve bytes"), "c\r\ntwelve bytes\r\n");
  EXPECT_EQ(ChunkText(""), "0\r\n\r\n");
}

TEST(Message, FindsHeaders) {
  Request request;
  request.headers = {{"accept", "a"}, {"host", "h"}, {"accept", "b"}};
  EXPECT_EQ(request.CountOf("accept"), 2);
  EXPECT_EQ(request.Joined("accept"), "a, b");
  EXPECT_EQ(*request.Find("accept"), "a");
  EXPECT_EQ(request.Find("cookie"), nullptr);
}

}  // namespace
}  // namespace datastorage::http
