#include "opensearch/authorization.h"

#include <gtest/gtest.h>

#include <fstream>

#include "support/temporary_folder.h"

namespace datastorage::opensearch {
namespace {

class OpensearchAuthorization : public testing::Test {
 protected:
  std::string FileWith(const std::string& text) const {
    std::ofstream(folder_.path() + "/secret") << text;
    return folder_.path() + "/secret";
  }

  TemporaryFolder folder_;
  Address address_;
};

// The examples of RFC 4648.
TEST_F(OpensearchAuthorization, WritesBase64) {
  const char* const plain[] = {"", "f", "fo", "foo", "foob", "fooba", "foobar", "\xff\xfe\xfd"};
  const char* const coded[] = {
      "", "Zg==", "Zm8=", "Zm9v", "Zm9vYg==", "Zm9vYmE=", "Zm9vYmFy", "//79"};
  for (int i = 0; i < 8; ++i) EXPECT_EQ(Base64Of(plain[i]), coded[i]);
}

TEST_F(OpensearchAuthorization, NamesNobodyUserOrKey) {
  EXPECT_EQ(AuthorizationOf(address_).value(), "");
  address_.user = "Aladdin";
  address_.password = "open sesame";
  EXPECT_EQ(AuthorizationOf(address_).value(), "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
  address_.password.clear();
  address_.password_file = FileWith("open sesame\n");
  EXPECT_EQ(AuthorizationOf(address_).value(), "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
  address_ = {};
  address_.api_key_file = FileWith("a2V5\r\n");
  EXPECT_EQ(AuthorizationOf(address_).value(), "ApiKey a2V5");
}

TEST_F(OpensearchAuthorization, RefusesAFileThatHoldsNoSecret) {
  for (const std::string& text :
       {std::string(), std::string("\n"), std::string("a\nb"), std::string(5'000, 'x')}) {
    address_.api_key_file = FileWith(text);
    const auto authorization = AuthorizationOf(address_);
    ASSERT_FALSE(authorization.has_value());
    EXPECT_EQ(authorization.error().code, ErrorCode::kInvalidArgument);
    EXPECT_EQ(authorization.error().message.find(folder_.path()), std::string::npos);
  }
  address_.api_key_file = folder_.path() + "/none";
  EXPECT_FALSE(AuthorizationOf(address_).has_value());
}

}  // namespace
}  // namespace datastorage::opensearch
