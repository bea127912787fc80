#include "opensearch/shared_refresh.h"

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <thread>
#include <vector>

namespace datastorage::opensearch {
namespace {

// While one refresh runs, eight callers come: it may have begun before what they wait for, so one
// more runs, for all of them.
TEST(OpensearchSharedRefresh, ServesAllWhoWaitByOneThatBeganAfterThem) {
  std::atomic<int> begun_count = 0;
  std::promise<void> first_has_begun, first_may_end;
  SharedRefresh refresh(
      [&](Deadline) -> Result<void> {
        if (++begun_count == 1) {
          first_has_begun.set_value();
          first_may_end.get_future().wait();
        }
        return {};
      },
      Duration(0));
  std::thread first([&] { EXPECT_TRUE(refresh.Await(Deadline::Never()).has_value()); });
  first_has_begun.get_future().wait();
  std::atomic<int> served_count = 0, come_count = 0;
  std::vector<std::thread> others;
  for (int i = 0; i < 8; ++i) {
    others.emplace_back([&] {
      ++come_count;
      EXPECT_TRUE(refresh.Await(Deadline::Never()).has_value());
      ++served_count;
    });
  }
  while (come_count < 8) std::this_thread::yield();
  EXPECT_EQ(served_count, 0);
  first_may_end.set_value();
  first.join();
  for (std::thread& other : others) other.join();
  // A thread that had come but not yet asked when the second one began takes a third.
  EXPECT_GE(begun_count, 2);
  EXPECT_LE(begun_count, 3);
}

TEST(OpensearchSharedRefresh, PausesBetweenTwo) {
  constexpr Duration kPause = std::chrono::milliseconds(60);
  std::vector<SteadyTime> begins;
  SharedRefresh refresh(
      [&](Deadline) -> Result<void> {
        begins.push_back(SystemClock().Now());
        return {};
      },
      kPause);
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(refresh.Await(Deadline::Never()).has_value());
  ASSERT_EQ(begins.size(), 3u);
  EXPECT_GE(begins[1] - begins[0], kPause);
  EXPECT_GE(begins[2] - begins[1], kPause);
}

TEST(OpensearchSharedRefresh, EndsWithTheCallersDeadline) {
  int begun_count = 0;
  SharedRefresh refresh(
      [&](Deadline) -> Result<void> {
        ++begun_count;
        return {};
      },
      std::chrono::hours(1));
  EXPECT_TRUE(refresh.Await(Deadline::Never()).has_value());
  const auto second = refresh.Await(Deadline::In(std::chrono::milliseconds(20)));
  ASSERT_FALSE(second.has_value());
  EXPECT_EQ(second.error().code, ErrorCode::kDeadlineExceeded);
  EXPECT_FALSE(refresh.Await(Deadline::At(SteadyTime())).has_value());
  EXPECT_EQ(begun_count, 1);
}

TEST(OpensearchSharedRefresh, ToldOfAFailureTheNextOneTriesAgain) {
  int begun_count = 0;
  SharedRefresh refresh(
      [&](Deadline) -> Result<void> {
        if (++begun_count == 1) return Unavailable("down");
        return {};
      },
      Duration(0));
  EXPECT_EQ(refresh.Await(Deadline::Never()).error().code, ErrorCode::kUnavailable);
  EXPECT_TRUE(refresh.Await(Deadline::Never()).has_value());
}

}  // namespace
}  // namespace datastorage::opensearch
