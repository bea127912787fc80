#include "engine/wait_slots.h"

#include <gtest/gtest.h>

namespace datastorage {
namespace {

TEST(WaitSlotsTest, HandsOutAsManyAsThereAreAndTakesThemBack) {
  WaitSlots slots(ThreadRuntime(), 2);
  const WaitSlots::Slot first(slots);
  {
    const WaitSlots::Slot second(slots);
    const WaitSlots::Slot third(slots);
    EXPECT_TRUE(first.is_held());
    EXPECT_TRUE(second.is_held());
    EXPECT_FALSE(third.is_held());
  }
  // The one that was not held has given nothing back.
  const WaitSlots::Slot fourth(slots);
  const WaitSlots::Slot fifth(slots);
  EXPECT_TRUE(fourth.is_held());
  EXPECT_FALSE(fifth.is_held());
}

}  // namespace
}  // namespace datastorage
