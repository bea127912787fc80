#include "redis/connection.h"

#include <gmock/gmock.h>

#include <thread>

#include "redis/raw_listener.h"

namespace datastorage::redis {
namespace {

using std::chrono::seconds;
using namespace std::string_literals;  // NOLINT(google-build-using-namespace): its only use.

// A connection to a peer of the test's making: it answers the PING, and to the next command
// `answer`, a few bytes at a time.
class ConnectionTest : public testing::Test {
 protected:
  Result<std::vector<Reply>> AnswerTo(const Command& command, const std::string& answer) {
    const RawListener listener;
    std::thread peer([&] {
      const int fd = listener.Accept();
      Hear(fd, "PING\r\n");
      Say(fd, "+PONG\r\n");
      heard_ = Hear(fd, command.back());
      for (std::size_t i = 0; i < answer.size(); i += 7) Say(fd, answer.substr(i, 7));
      shutdown(fd, SHUT_WR);
      Hear(fd, "until it is closed");
      close(fd);
    });
    Result<std::vector<Reply>> replies = Unavailable("not connected");
    {
      auto connection = Connection::Open(listener.address(), Deadline::In(seconds(20)));
      EXPECT_TRUE(connection.has_value());
      if (connection.has_value()) {
        replies = (*connection)->Exchange({&command, 1}, Deadline::In(seconds(20)));
      }
    }
    peer.join();
    return replies;
  }
  std::string heard_;
};

TEST_F(ConnectionTest, SendsWordsOfAnyBytesAndReadsEachKindOfReply) {
  struct Case {
    std::string answer;
    Reply::Kind kind;
    std::string text;
  };
  const std::vector<Case> cases{{"+OK\r\n", Reply::Kind::kText, "OK"},
                                {"$5\r\na\r\n\0b\r\n"s, Reply::Kind::kText, "a\r\n\0b"s},
                                {"$-1\r\n", Reply::Kind::kNil, ""},
                                {":7\r\n", Reply::Kind::kOther, ""},
                                {"-OOM no\r\n", Reply::Kind::kError, "OOM no"}};
  const std::string word("a\0\r\nb", 5);
  for (const Case& each : cases) {
    const auto replies = AnswerTo({"SET", "k", word}, each.answer);
    ASSERT_TRUE(replies.has_value()) << each.answer;
    EXPECT_EQ(replies->front().kind, each.kind);
    EXPECT_EQ(replies->front().text, each.text);
    EXPECT_EQ(heard_, "*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$5\r\n" + word);
  }
}

TEST_F(ConnectionTest, EndsOverWhatIsNoAnswer) {
  for (const std::string& answer : {std::string("HTTP/1.1 400 Bad Request\r\n"),
                                    std::string("*2\r\n+a\r\n+b\r\n"),
                                    std::string("*2147483647\r\n"),
                                    std::string("$5\r\nab"),
                                    std::string(),
                                    "$1000000\r\n" + std::string(1'000'000, 'x') + "\r\n"}) {
    const auto replies = AnswerTo({"GET", "k"}, answer);
    ASSERT_FALSE(replies.has_value()) << answer.substr(0, 40);
    EXPECT_EQ(replies.error().code, ErrorCode::kUnavailable);
  }
}

TEST(ErrorOfReply, IsTakenFromTheCodeAndNeverFromTheText) {
  const auto message = [](const char* text) {
    return ErrorOf({Reply::Kind::kError, text}).message;
  };
  EXPECT_EQ(message("OOM command not allowed"), "the cache is full and may evict nothing");
  EXPECT_EQ(message("LOADING Redis is loading"), "the cache is loading its data");
  EXPECT_EQ(message("READONLY"), "the cache is a read-only replica");
  EXPECT_EQ(message("ERR secret"), "the cache refuses a command");
  EXPECT_EQ(message(""), "the cache refuses a command");
}

}  // namespace
}  // namespace datastorage::redis
