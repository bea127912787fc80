#include "engine/wait_slots.h"

#include <gtest/gtest.h>

#include <atomic>
#include <optional>
#include <thread>
#include <vector>

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

TEST(WaitSlotsTest, LetsHalfAsManyWaitAndNobodyForLongerThanHisPatience) {
  WaitSlots slots(ThreadRuntime(), 4);
  std::vector<std::optional<WaitSlots::Slot>> held(4);
  for (auto& slot : held) ASSERT_TRUE(slot.emplace(slots).is_held());
  EXPECT_FALSE(WaitSlots::Slot(slots, Deadline::At(ThreadRuntime().Now())).is_held());
  const Deadline patience = Deadline::In(std::chrono::seconds(30));
  std::atomic<int> ended_count = 0;
  std::atomic<int> held_count = 0;
  std::vector<std::thread> waiters;
  for (int i = 0; i < 3; ++i) {
    waiters.emplace_back([&] {
      const WaitSlots::Slot slot(slots, patience);
      if (slot.is_held()) ++held_count;
      ++ended_count;
    });
  }
  // The third one is sent away at once, and the two others wait.
  while (ended_count == 0 && !patience.HasPassed()) std::this_thread::yield();
  EXPECT_EQ(held_count, 0);
  held[0].reset();
  for (std::thread& waiter : waiters) waiter.join();
  EXPECT_EQ(held_count, 2);
  EXPECT_FALSE(patience.HasPassed());
  EXPECT_TRUE(WaitSlots::Slot(slots).is_held());
}

}  // namespace
}  // namespace datastorage
