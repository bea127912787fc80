#include "engine/vector_place.h"

#include <gmock/gmock.h>

#include "fake/fake_vector_index.h"
#include "support/manual_runtime.h"

namespace datastorage {
namespace {

class VectorPlaceTest : public testing::Test {
 protected:
  // Which of ten failing calls were made.
  static int AskTenTimes(const VectorPlace& place) {
    int made_count = 0;
    for (int i = 0; i < 10; ++i) {
      const Result<int> answer = place.Ask(Deadline::Never(), [&](VectorIndex&) {
        ++made_count;
        return Result<int>(Unavailable("down"));
      });
      EXPECT_EQ(answer.error().code, ErrorCode::kUnavailable);
    }
    return made_count;
  }

  FakeVectorIndex index_;
  ManualRuntime runtime_;
  CircuitBreaker breaker_{runtime_, {.failure_count_max = 3}};
};

TEST_F(VectorPlaceTest, AsksAnIndexWithoutABreakerHoweverOftenItFails) {
  const VectorPlace place{{}, &index_, nullptr, {}, /*is_marked=*/true};
  EXPECT_EQ(AskTenTimes(place), 10);
  EXPECT_TRUE(place.MayAsk());
  EXPECT_FALSE(place.IsSpared());
}

TEST_F(VectorPlaceTest, SparesAnIndexThatFailsUntilItIsTimeToProbe) {
  const VectorPlace place{{}, &index_, &breaker_, {}, /*is_marked=*/true};
  EXPECT_TRUE(place.MayAsk());
  EXPECT_EQ(AskTenTimes(place), 3);
  EXPECT_FALSE(place.MayAsk());
  EXPECT_TRUE(place.IsSpared());
  runtime_.Advance(std::chrono::seconds(1));
  EXPECT_TRUE(place.MayAsk());
  EXPECT_EQ(AskTenTimes(place), 1);
}

TEST_F(VectorPlaceTest, AsksNothingOfAnIndexWithoutItsMark) {
  const VectorPlace place{{}, &index_, &breaker_, {}, /*is_marked=*/false};
  EXPECT_FALSE(place.MayAsk());
  EXPECT_EQ(AskTenTimes(place), 0);
  EXPECT_EQ(breaker_.state(), CircuitBreaker::State::kClosed);
}

TEST(PlacementRules, GiveOnlyAnotherServerABreaker) {
  EXPECT_FALSE(RulesOf(Placement::kInProcess).has_breaker);
  EXPECT_FALSE(RulesOf(Placement::kSameDatabase).has_breaker);
  EXPECT_TRUE(RulesOf(Placement::kSeparate).has_breaker);
}

TEST(PlacementRules, LeaveVectorsBesideTheirRecordsToTheStore) {
  const PlacementRules rules = RulesOf(Placement::kSameDatabase);
  EXPECT_TRUE(rules.is_written_with_record);
  EXPECT_FALSE(rules.needs_intent);
  EXPECT_EQ(rules.pending_rule, PendingRule::kWhereEmbeddingIsMissing);
  EXPECT_FALSE(RulesOf(Placement::kInProcess).is_written_with_record);
  EXPECT_FALSE(RulesOf(Placement::kSeparate).is_written_with_record);
}

}  // namespace
}  // namespace datastorage
