#include "base/sha256.h"

#include <gtest/gtest.h>

namespace datastorage {
namespace {

// Known answers made with Python's hashlib: sha256 over each part behind its length.
TEST(Sha256, IsOverPartsWithTheirLengths) {
  EXPECT_EQ(ToHex(Sha256Of({})),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(ToHex(Sha256Of({"abc"})),
            "ce91dc5eec0139adf091900d225971d6ad246a845bad791b5693a9d0d55dd391");
  EXPECT_EQ(ToHex(Sha256Of({"ab", "c"})),
            "43ee655579de01ca739b3f95c1c2d3f46d353b2c0df818064ea594506cdb2617");
}

TEST(Sha256, TellsPartsApart) {
  EXPECT_NE(Sha256Of({"ab", "c"}), Sha256Of({"a", "bc"}));
  EXPECT_NE(Sha256Of({"abc"}), Sha256Of({"abc", ""}));
  EXPECT_NE(Sha256Of({}), Sha256Of({""}));
  EXPECT_NE(Sha256Of({std::string_view("a\0", 2)}), Sha256Of({"a"}));
}

// RFC 4231, test cases 1, 2 and 6.
TEST(HmacSha256, GivesTheKnownAnswers) {
  EXPECT_EQ(ToHex(HmacSha256(std::string(20, '\x0b'), "Hi There")),
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
  EXPECT_EQ(ToHex(HmacSha256("Jefe", "what do ya want for nothing?")),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  EXPECT_EQ(ToHex(HmacSha256(std::string(131, '\xaa'),
                             "Test Using Larger Than Block-Size Key - Hash Key First")),
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

}  // namespace
}  // namespace datastorage
