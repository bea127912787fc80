// Requests read in every way a network may cut them. Refusals are tested over connections.
#include "http/request_reader.h"

#include <gtest/gtest.h>

#include <array>

#include "base/limits.h"

namespace datastorage::http {
namespace {

constexpr ReaderLimits kLimits{limits::kHeaderByteCountMax, limits::kUriByteCountMax};

const std::string kFixed =
    "POST /a%20b?c=d?e HTTP/1.1\r\nHost: h\r\nX-Thing:  spaced \t\r\nContent-Length: "
    "5\r\n\r\nhello";
const std::string kChunked =
    "PUT /x HTTP/1.1\r\nhost: h\r\ntransfer-encoding: "
    "Chunked\r\n\r\n3\r\nhel\r\n2;q\r\nlo\r\n0\r\n\r\n";

// Feeds the bytes in two pieces, whatever follows left over.
std::string ReadCutAt(const std::string& bytes, std::size_t cut, RequestReader& reader) {
  std::string buffer;
  bool has_head = false;
  for (const std::string& piece : {bytes.substr(0, cut), bytes.substr(cut)}) {
    buffer += piece;
    if (!has_head) has_head = reader.TakeHead(buffer) == ReadProgress::kComplete;
    if (!has_head) continue;
    EXPECT_NE(reader.TakeBody(buffer), ReadProgress::kRefused) << cut;
  }
  EXPECT_TRUE(has_head);
  EXPECT_FALSE(reader.has_body());
  return buffer;
}

TEST(RequestReader, ReadsRequestsCutAnywhere) {
  for (const std::string& bytes : {kFixed, kChunked}) {
    for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
      RequestReader reader(kLimits);
      EXPECT_EQ(ReadCutAt(bytes, cut, reader), "") << cut;
      EXPECT_EQ(reader.request().body, "hello") << cut;
    }
  }
}

TEST(RequestReader, ReadsEmptyChunkedBodiesCutAnywhere) {
  for (const std::string end : {"0\r\n\r\n", "00\r\n\r\n", "0;x\r\nA: b\r\n\r\n"}) {
    const std::string bytes =
        "PUT / HTTP/1.1\r\nhost: h\r\ntransfer-encoding: chunked\r\n\r\n" + end;
    for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
      RequestReader reader(kLimits);
      EXPECT_EQ(ReadCutAt(bytes, cut, reader), "") << cut;
      EXPECT_EQ(reader.request().body, "") << cut;
    }
  }
}

// A zero that begins the bytes of a first chunk is not the head of the last chunk.
TEST(RequestReader, ReadsAChunkThatBeginsWithAZeroByteByByte) {
  RequestReader reader(kLimits);
  std::string buffer = "PUT / HTTP/1.1\r\nhost: h\r\ntransfer-encoding: chunked\r\n\r\n";
  ASSERT_EQ(reader.TakeHead(buffer), ReadProgress::kComplete);
  for (const char byte : std::string("4\r\n0\n\n!\r\n0\r\n\r\n")) {
    buffer += byte;
    ASSERT_NE(reader.TakeBody(buffer), ReadProgress::kRefused) << reader.refusal().detail;
  }
  EXPECT_FALSE(reader.has_body());
  EXPECT_EQ(reader.request().body, "0\n\n!");
}

TEST(RequestReader, RefusesALineEndInAQuotedChunkExtension) {
  for (const std::string line_end : {"\n", "\r\n", "\r"}) {
    RequestReader reader(kLimits);
    std::string buffer = "PUT / HTTP/1.1\r\nhost: h\r\ntransfer-encoding: chunked\r\n\r\n1;a=\"" +
                         line_end + "\"\r\nx\r\n0\r\n\r\n";
    ASSERT_EQ(reader.TakeHead(buffer), ReadProgress::kComplete);
    EXPECT_EQ(reader.TakeBody(buffer), ReadProgress::kRefused);
    EXPECT_EQ(reader.refusal().status, 400);
  }
}

TEST(RequestReader, SplitsTheRequest) {
  RequestReader reader(kLimits);
  std::string buffer = "\r\n" + kFixed + "GET /next";
  ASSERT_EQ(reader.TakeHead(buffer), ReadProgress::kComplete);
  ASSERT_EQ(reader.TakeBody(buffer), ReadProgress::kComplete);
  EXPECT_EQ(buffer, "GET /next");
  EXPECT_EQ(reader.request().method, "POST");
  EXPECT_EQ(reader.request().path, "/a%20b");
  EXPECT_EQ(reader.request().query, "c=d?e");
  EXPECT_EQ(*reader.request().Find("x-thing"), "spaced");
  EXPECT_TRUE(reader.keeps_connection());
}

TEST(RequestReader, TakesTheWholeUriAsATarget) {
  const std::vector<std::array<std::string, 3>> cases{
      {"http://h:1/a/b?c=d", "/a/b", "c=d"},
      {"HTTPS://h/?x", "/", "x"},
      {"http://h", "/", ""},
      {"http://h?x=/y", "/", "x=/y"},
  };
  for (const auto& [target, path, query] : cases) {
    RequestReader reader(kLimits);
    std::string buffer = "GET " + target + " HTTP/1.1\r\nHost: h\r\n\r\n";
    ASSERT_EQ(reader.TakeHead(buffer), ReadProgress::kComplete) << target;
    EXPECT_EQ(reader.request().path, path) << target;
    EXPECT_EQ(reader.request().query, query) << target;
  }
  for (const std::string target : {"http:///a", "http://?a", "ftp://h/a", "h:1", "http:/a"}) {
    RequestReader reader(kLimits);
    std::string buffer = "GET " + target + " HTTP/1.1\r\nHost: h\r\n\r\n";
    EXPECT_EQ(reader.TakeHead(buffer), ReadProgress::kRefused) << target;
  }
}

TEST(RequestReader, LimitsBodiesOfBothCodings) {
  for (const std::string& bytes : {kFixed, kChunked}) {
    for (const std::uint64_t limit : {4U, 5U}) {
      RequestReader reader(kLimits);
      std::string buffer = bytes;
      ASSERT_EQ(reader.TakeHead(buffer), ReadProgress::kComplete);
      const bool is_refused_early = reader.LimitBody(limit) == ReadProgress::kRefused;
      const bool is_refused = is_refused_early || reader.TakeBody(buffer) == ReadProgress::kRefused;
      EXPECT_EQ(is_refused, limit == 4);
      if (is_refused) {
        EXPECT_EQ(reader.refusal().status, 413);
      }
    }
  }
}

TEST(RequestReader, LetsABodyBeTakenInParts) {
  RequestReader reader(kLimits);
  std::string buffer = kChunked.substr(0, kChunked.find("2;q"));
  ASSERT_EQ(reader.TakeHead(buffer), ReadProgress::kComplete);
  ASSERT_EQ(reader.TakeBody(buffer), ReadProgress::kNeedsMore);
  EXPECT_EQ(reader.request().body, "hel");
  reader.request().body.clear();
  buffer += kChunked.substr(kChunked.find("2;q"));
  ASSERT_EQ(reader.TakeBody(buffer), ReadProgress::kComplete);
  EXPECT_EQ(reader.request().body, "lo");
}

TEST(RequestReader, BoundsWhatComesBetweenChunks) {
  RequestReader reader(kLimits);
  std::string buffer = "PUT /x HTTP/1.1\r\nhost: h\r\ntransfer-encoding: chunked\r\n\r\n0\r\n";
  ASSERT_EQ(reader.TakeHead(buffer), ReadProgress::kComplete);
  ReadProgress progress = reader.TakeBody(buffer);
  for (int i = 0; i < 100 && progress == ReadProgress::kNeedsMore; ++i) {
    buffer += "X-Trailer: " + std::string(1'000, 'x') + "\r\n";
    progress = reader.TakeBody(buffer);
  }
  EXPECT_EQ(progress, ReadProgress::kRefused);
}

TEST(RequestReader, KnowsWhoWaitsForAnInvitation) {
  for (const bool is_old : {false, true}) {
    RequestReader reader(kLimits);
    std::string buffer = std::string("POST / HTTP/1.") + (is_old ? "0" : "1") +
                         "\r\nHost: h\r\nExpect: 100-Continue\r\nContent-Length: 1\r\n\r\n";
    ASSERT_EQ(reader.TakeHead(buffer), ReadProgress::kComplete);
    EXPECT_EQ(reader.expects_continue(), !is_old);
    EXPECT_TRUE(reader.has_body());
  }
}

}  // namespace
}  // namespace datastorage::http
