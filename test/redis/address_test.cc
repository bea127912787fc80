#include "redis/address.h"

#include <gmock/gmock.h>

namespace datastorage::redis {
namespace {

Address Parsed(std::string_view url) {
  const Result<Address> address = ParseAddress(url);
  EXPECT_TRUE(address.has_value()) << url << ": " << address.error().message;
  return address.value_or(Address{});
}

TEST(RedisAddress, ReadsHostPortAndDatabase) {
  EXPECT_EQ(DescriptionOf(Parsed("redis://127.0.0.1")), "redis://127.0.0.1:6379/0");
  EXPECT_EQ(DescriptionOf(Parsed("redis://cache.shop:7000/3")), "redis://cache.shop:7000/3");
  EXPECT_EQ(DescriptionOf(Parsed("redis://[::1]:7000")), "redis://[::1]:7000/0");
  EXPECT_EQ(Parsed("redis://[::1]").host, "::1");
  EXPECT_EQ(DescriptionOf(Parsed("unix:///run/redis.sock?db=2")), "unix:///run/redis.sock?db=2");
}

TEST(RedisAddress, ReadsUserAndPasswordAndNeverShowsThem) {
  for (const char* url : {"redis://me:a%2Fb%40c%3A@host/1",
                          "rediss://me:a/b@c:@host/1",
                          "unix://me:a%2Fb@c:@/run/redis.sock"}) {
    const Address address = Parsed(url);
    EXPECT_EQ(address.user, "me");
    EXPECT_EQ(address.password, "a/b@c:");
    EXPECT_EQ(DescriptionOf(address).find('@'), std::string::npos);
  }
  EXPECT_EQ(Parsed("redis://:secret@host").user, "");
  EXPECT_EQ(Parsed("redis://:secret@host").password, "secret");
}

TEST(RedisAddress, ReadsTheFilesOfTls) {
  const Address address = Parsed("rediss://host:7000?cacert=/ca.pem&cert=/a%20b.pem&key=/k.pem");
  EXPECT_TRUE(address.is_tls);
  EXPECT_EQ(address.authority_file, "/ca.pem");
  EXPECT_EQ(address.certificate_file, "/a b.pem");
  EXPECT_EQ(address.key_file, "/k.pem");
}

TEST(RedisAddress, SaysWhatIsWrongWithoutAWordOfTheUrl) {
  for (const char* url : {"secret",
                          "http://secret",
                          "redis://",
                          "redis://me:secret@",
                          "redis://me@host",
                          "redis://me:secret@host:0",
                          "redis://me:secret@host:99999",
                          "redis://me:secret@host:",
                          "redis://me:secret@host/secret",
                          "redis://me:secret@host/-1",
                          "redis://me:%secret@host",
                          "redis://me:secret@host?cacert=/secret",
                          "redis://me:secret@host?password=secret",
                          "rediss://host?cert=/secret",
                          "rediss://host?cacert=",
                          "unix://secret",
                          "unix:///path?db=secret",
                          "redis://[::1]secret"}) {
    const Result<Address> address = ParseAddress(url);
    ASSERT_FALSE(address.has_value()) << url;
    EXPECT_EQ(address.error().code, ErrorCode::kInvalidArgument);
    EXPECT_THAT(address.error().message, testing::Not(testing::HasSubstr("secret"))) << url;
  }
}

}  // namespace
}  // namespace datastorage::redis
