#include "redis/tls_stream.h"

#include <gtest/gtest.h>

#include "base/limits.h"
#include "redis/connection.h"
#include "redis/raw_listener.h"
#include "redis/socket_stream.h"
#include "support/redis_server.h"

namespace datastorage::redis {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr const char* kNotTrusted = "the cache's certificate is not to be trusted for its host";

class TlsStreamTest : public testing::Test {
 protected:
  // "ok", or why the server at the address cannot be talked to.
  static std::string Check(const Address& address, Duration timeout = seconds(20)) {
    const auto connection = Connection::Open(address, Deadline::In(timeout));
    if (!connection.has_value()) return connection.error().message;
    // More than one record of TLS, there and back.
    const std::string value(limits::kRedisReplyByteCountMax / 2, 'x');
    const std::vector<Command> commands(limits::kRedisPipelineCountMax, {"ECHO", value});
    const auto replies = (*connection)->Exchange(commands, Deadline::In(seconds(20)));
    if (!replies.has_value()) return replies.error().message;
    for (const Reply& reply : *replies) EXPECT_EQ(reply.text, value);
    return "ok";
  }
  Address Trusting() const {
    Address address;
    address.host = "127.0.0.1";
    address.port = server_.tls_port();
    address.is_tls = true;
    address.authority_file = server_.certificate_path();
    address.certificate_file = server_.certificate_path();
    address.key_file = server_.key_path();
    return address;
  }

  test::RedisServer server_{{.arguments = {}, .has_tls = true}};
};

TEST_F(TlsStreamTest, TalksToAServerThatIsTrusted) {
  EXPECT_EQ(Check(Trusting()), "ok");
}

TEST_F(TlsStreamTest, TalksToNoServerWhoseCertificateIsNotTrusted) {
  Address address = Trusting();
  address.authority_file.clear();
  EXPECT_EQ(Check(address), kNotTrusted);
}

TEST_F(TlsStreamTest, TalksToNoServerWhoseCertificateNamesAnotherHost) {
  Address address = Trusting();
  address.host = "localhost";
  EXPECT_EQ(Check(address), kNotTrusted);
}

TEST_F(TlsStreamTest, IsRefusedWithoutTheClientsCertificate) {
  Address address = Trusting();
  address.certificate_file.clear();
  EXPECT_NE(Check(address), "ok");
}

TEST_F(TlsStreamTest, NamesFilesThatCannotBeUsed) {
  Address address = Trusting();
  address.authority_file = server_.key_path();
  EXPECT_EQ(Check(address), "the cache's cacert file cannot be used");
  address = Trusting();
  address.key_file = server_.certificate_path();
  EXPECT_EQ(Check(address), "the cache's cert and key files cannot be used");
}

TEST_F(TlsStreamTest, DoesNotMixUpPlainAndTls) {
  Address address = Trusting();
  address.is_tls = false;
  EXPECT_NE(Check(address), "ok");
  address = Trusting();
  address.port = server_.port();
  EXPECT_NE(Check(address, milliseconds(200)), "ok");  // It waits for the end of a line.
}

TEST_F(TlsStreamTest, ShakesHandsUntilTheDeadlineOnly) {
  const RawListener listener;
  auto socket = SocketStream::Connect(listener.address(), Deadline::In(seconds(20)));
  ASSERT_TRUE(socket.has_value());
  const auto stream =
      TlsStream::Open(*std::move(socket), Trusting(), Deadline::In(milliseconds(30)));
  ASSERT_FALSE(stream.has_value());
  EXPECT_EQ(stream.error().code, ErrorCode::kDeadlineExceeded);
}

}  // namespace
}  // namespace datastorage::redis
