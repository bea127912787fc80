#include "engine/unapplied_writes.h"

#include <gmock/gmock.h>

namespace datastorage {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

class UnappliedWritesTest : public testing::Test {
 protected:
  UnappliedWritesTest() {
    writes_.OnLeftOver([this] { ++wake_count_; });
  }

  int wake_count_ = 0;
  UnappliedWrites writes_{ThreadRuntime()};
  const RecordId a_ = SystemUuidSource().MakeVersion7();
  const RecordId b_ = SystemUuidSource().MakeVersion7();
};

TEST_F(UnappliedWritesTest, ListsAnIdUntilItsLastWriterHasFinished) {
  auto outer = writes_.Enter({a_, b_});
  auto inner = writes_.Enter({a_});
  EXPECT_THAT(writes_.Ids(), UnorderedElementsAre(a_, b_));
  inner->Finish();
  inner.reset();
  EXPECT_THAT(writes_.Ids(), UnorderedElementsAre(a_, b_));
  outer->Finish();
  outer.reset();
  EXPECT_THAT(writes_.Ids(), IsEmpty());
  EXPECT_EQ(wake_count_, 0);
}

TEST_F(UnappliedWritesTest, KeepsWhatNobodyFinishedUntilItIsTakenOver) {
  auto entry = writes_.Enter({a_});
  auto sharer = entry;
  entry.reset();
  EXPECT_EQ(wake_count_, 0);
  EXPECT_THAT(writes_.TakeLeftOver(10)->ids(), IsEmpty());
  sharer.reset();
  EXPECT_EQ(wake_count_, 1);
  EXPECT_THAT(writes_.Ids(), ElementsAre(a_));
  auto taken = writes_.TakeLeftOver(10);
  EXPECT_THAT(taken->ids(), ElementsAre(a_));
  EXPECT_THAT(writes_.Ids(), ElementsAre(a_));
  taken->Finish();
  taken.reset();
  EXPECT_THAT(writes_.Ids(), IsEmpty());
}

TEST_F(UnappliedWritesTest, LeavesAnIdOverAgainThatIsLeftWhileItIsBeingApplied) {
  writes_.Enter({a_}).reset();
  auto taken = writes_.TakeLeftOver(10);
  writes_.Enter({a_}).reset();
  taken->Finish();
  taken.reset();
  EXPECT_THAT(writes_.Ids(), ElementsAre(a_));
  EXPECT_THAT(writes_.TakeLeftOver(10)->ids(), ElementsAre(a_));
}

TEST_F(UnappliedWritesTest, TakesOverNoMoreThanAsked) {
  writes_.Enter({a_, b_}).reset();
  auto first = writes_.TakeLeftOver(1);
  EXPECT_EQ(first->ids().size(), 1U);
  EXPECT_EQ(writes_.TakeLeftOver(10)->ids().size(), 1U);
}

}  // namespace
}  // namespace datastorage
