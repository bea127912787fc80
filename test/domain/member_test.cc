#include "domain/member.h"

#include <gtest/gtest.h>

#include <set>

namespace datastorage {
namespace {

TEST(Member, ComesBackFromItsName) {
  std::set<std::string_view> names;
  for (int i = 0; i < kMemberCount; ++i) {
    const auto member = static_cast<Member>(i);
    EXPECT_EQ(ParseMember(Describe(member).name), member);
    names.insert(Describe(member).name);
  }
  EXPECT_EQ(names.size(), std::size_t{kMemberCount});
  EXPECT_EQ(ParseMember("metadata"), std::nullopt);
  EXPECT_EQ(ParseMember("Name"), std::nullopt);
  EXPECT_EQ(ParseMember(""), std::nullopt);
}

// Spot checks that the table stands in the enumeration's order.
TEST(Member, IsDescribedInOrder) {
  EXPECT_EQ(Describe(Member::kNamespace).name, "namespace");
  EXPECT_EQ(Describe(Member::kDuration).type, MemberType::kInteger);
  EXPECT_EQ(Describe(Member::kConfidenceScore).name, "confidence_score");
  EXPECT_EQ(Describe(Member::kConfidenceScore).type, MemberType::kNumber);
  EXPECT_TRUE(Describe(Member::kRecommendation).is_long_text);
  EXPECT_EQ(Describe(Member::kSuccess).type, MemberType::kBoolean);
  EXPECT_EQ(Describe(Member::kExecutionTime).name, "execution_time");
}

TEST(FilterMembers, AreFoundByMember) {
  FilterMembers members;
  members.values = {{Member::kVersion, std::int64_t{3}}, {Member::kPhase, std::string("failed")}};
  EXPECT_EQ(*members.Find(Member::kVersion), MemberValue(std::int64_t{3}));
  EXPECT_EQ(*members.Find(Member::kPhase), MemberValue(std::string("failed")));
  EXPECT_EQ(members.Find(Member::kId), nullptr);
  EXPECT_EQ(members.Find(Member::kName), nullptr);
  EXPECT_EQ(members.Find(Member::kExecutionTime), nullptr);
}

}  // namespace
}  // namespace datastorage
