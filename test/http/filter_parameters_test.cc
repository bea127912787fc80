// Filters as parameters; what each does to lists is tested through lists.
#include "http/filter_parameters.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "schema/members.h"

namespace datastorage::http {
namespace {

const WallTime kNow{std::chrono::seconds(1'772'323'200)};

Filter FilterOf(std::string_view text, QueryParameters* out = nullptr) {
  QueryParameters query(text);
  Filter filter = TakeFilters(query, EveryMember(), false, kNow).filter;
  EXPECT_THAT(query.Finish(), testing::IsEmpty()) << text;
  if (out != nullptr) *out = query;
  return filter;
}

TEST(FilterParameters, AreNothingWithoutParameters) {
  EXPECT_TRUE(FilterOf("").IsEverything());
}

// So that a cursor fits whatever the order of equal questions.
TEST(FilterParameters, DoNotDependOnOrder) {
  EXPECT_EQ(CanonicalText(FilterOf("severity=a&name=b&severity=c&since=24h")),
            CanonicalText(FilterOf("since=24h&severity=c&severity=a&name=b")));
}

TEST(FilterParameters, TakeBothBoundsOfATime) {
  const Filter filter = FilterOf("since=24h&until=2026-03-01T00:00:00Z&time=start_time");
  ASSERT_EQ(filter.op, FilterOp::kRange);
  EXPECT_EQ(filter.member, Member::kStartTime);
  EXPECT_EQ(std::get<WallTime>(filter.lower->value), kNow - std::chrono::hours(24));
  EXPECT_TRUE(filter.lower->is_inclusive);
  EXPECT_EQ(std::get<WallTime>(filter.upper->value), kNow);
  EXPECT_FALSE(filter.upper->is_inclusive);
}

TEST(FilterParameters, CoverEveryMember) {
  EXPECT_EQ(EveryMember().size(), static_cast<std::size_t>(kMemberCount));
  for (const Member member : EveryMember()) {
    QueryParameters query(std::string(Describe(member).name) + "=\x01");
    TakeFilters(query, EveryMember(), false, kNow);
    for (const ProblemError& error : query.Finish()) EXPECT_NE(error.code, "unknown");
  }
}

TEST(FilterParameters, ReadReferences) {
  EXPECT_FALSE(ParseRef(RecordKind::kWorkflow, "key:").has_value());
  EXPECT_FALSE(ParseRef(RecordKind::kWorkflow, "w-1").has_value());
  const auto ref = ParseRef(RecordKind::kWorkflow, "key:key:w");
  ASSERT_TRUE(ref.has_value());
  EXPECT_EQ(std::get<NaturalKey>(*ref).key, "key:w");
  EXPECT_EQ(std::get<NaturalKey>(*ref).kind, RecordKind::kWorkflow);
}

}  // namespace
}  // namespace datastorage::http
