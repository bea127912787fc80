#include "opensearch/address.h"

#include <gmock/gmock.h>

namespace datastorage::opensearch {
namespace {

Address Parsed(std::string_view url) {
  const Result<Address> address = ParseAddress(url);
  EXPECT_TRUE(address.has_value()) << url << ": " << address.error().message;
  return address.value_or(Address{});
}

TEST(OpensearchAddress, ReadsHostsAndIndex) {
  EXPECT_EQ(DescriptionOf(Parsed("opensearch+http://127.0.0.1/audit")),
            "opensearch+http://127.0.0.1:9200/audit");
  const Address address = Parsed("opensearch+https://a.shop:1,b,[::1]:9300/audit-v.2");
  EXPECT_TRUE(address.is_tls);
  EXPECT_THAT(address.hosts,
              testing::ElementsAre(Host{"a.shop", 1}, Host{"b", 9200}, Host{"::1", 9300}));
  EXPECT_EQ(address.index, "audit-v.2");
  EXPECT_EQ(BaseUrlOf(address, address.hosts[2]), "https://[::1]:9300");
  EXPECT_EQ(DescriptionOf(address), "opensearch+https://a.shop:1,b:9200,[::1]:9300/audit-v.2");
}

TEST(OpensearchAddress, ReadsWhoAsksAndNeverShowsIt) {
  for (const char* url :
       {"opensearch+http://me:a%2Fb%40c%3A@host/i", "opensearch+http://me:a/b@c:@host/i"}) {
    const Address address = Parsed(url);
    EXPECT_EQ(address.user, "me");
    EXPECT_EQ(address.password, "a/b@c:");
    EXPECT_EQ(DescriptionOf(address), "opensearch+http://host:9200/i");
  }
  EXPECT_EQ(Parsed("opensearch+http://me@h/i?password_file=/a%20b").password_file, "/a b");
  EXPECT_EQ(Parsed("opensearch+http://h/i?api_key_file=/key").api_key_file, "/key");
}

TEST(OpensearchAddress, ReadsHowTheIndexIsMade) {
  const Address address = Parsed(
      "opensearch+https://h/i?shards=3&replicas=2&wait_for_active_shards=all&cacert=/ca.pem");
  EXPECT_EQ(address.shard_count, 3);
  EXPECT_EQ(address.replica_count, 2);
  EXPECT_EQ(address.active_shard_count, "all");
  EXPECT_EQ(address.authority_file, "/ca.pem");
  EXPECT_EQ(Parsed("opensearch+http://h/i").replica_count, 1);
}

TEST(OpensearchAddress, SaysWhatIsWrongWithoutAWordOfTheUrl) {
  for (const char* url : {"secret",
                          "http://secret/i",
                          "opensearch://secret/i",
                          "opensearch+http://",
                          "opensearch+http:///i",
                          "opensearch+http://me:secret@/i",
                          "opensearch+http://me:secret@host",
                          "opensearch+http://me:secret@host/",
                          "opensearch+http://me:secret@host,/i",
                          "opensearch+http://me:secret@,host/i",
                          "opensearch+http://me:secret@host:0/i",
                          "opensearch+http://me:secret@host:/i",
                          "opensearch+http://me:secret@host:99999/i",
                          "opensearch+http://me:secret@ho st/i",
                          "opensearch+http://me:secret@[secret]/i",
                          "opensearch+http://me:secret@[::1]1/i",
                          "opensearch+http://me:secret@host/Secret",
                          "opensearch+http://me:secret@host/_secret",
                          "opensearch+http://me:secret@host/i/secret",
                          "opensearch+http://me:secret@host/i*",
                          "opensearch+http://me:%secret@host/i",
                          "opensearch+http://me@host/i",
                          "opensearch+http://:secret@host/i",
                          "opensearch+http://m%3Ae:secret@host/i",
                          "opensearch+http://me:secret@host/i?password_file=/secret",
                          "opensearch+http://me:secret@host/i?api_key_file=/secret",
                          "opensearch+http://host/i?password_file=/secret",
                          "opensearch+http://host/i?cacert=/secret",
                          "opensearch+https://host/i?cacert=",
                          "opensearch+http://host/i?shards=0",
                          "opensearch+http://host/i?replicas=-1",
                          "opensearch+http://host/i?wait_for_active_shards=secret",
                          "opensearch+http://host/i?secret=1"}) {
    const Result<Address> address = ParseAddress(url);
    ASSERT_FALSE(address.has_value()) << url;
    EXPECT_EQ(address.error().code, ErrorCode::kInvalidArgument);
    EXPECT_EQ(address.error().message.find("ecret"), std::string::npos) << url;
  }
}

}  // namespace
}  // namespace datastorage::opensearch
