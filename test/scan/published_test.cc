#include "scan/published.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <thread>
#include <vector>

namespace datastorage::scan {
namespace {

struct Canary {
  explicit Canary(int number_made, std::atomic<int>* live = nullptr)
      : number(number_made), live_count(live) {
    if (live_count != nullptr) ++*live_count;
  }
  ~Canary() {
    number = -1;
    if (live_count != nullptr) --*live_count;
  }
  std::atomic<int> number;  // Atomic, so that every look is one.
  std::atomic<int>* live_count;
};

TEST(Published, ShowsTheNewestObjectAndFreesTheOld) {
  std::atomic<int> live_count = 0;
  Published<Canary> published(std::make_unique<Canary>(1, &live_count));
  EXPECT_EQ(published.Read()->number, 1);
  published.Publish(std::make_unique<Canary>(2, &live_count));
  EXPECT_EQ(published.Read()->number, 2);
  EXPECT_EQ(live_count, 1);
}

TEST(Published, KeepsTheOldObjectUntilItsLastReaderLeaves) {
  Published<Canary> published(std::make_unique<Canary>(1));
  // On the heap, so that it can be left before the end of the scope.
  std::unique_ptr<Published<Canary>::Reading> reading(
      new Published<Canary>::Reading(published.Read()));
  std::atomic<bool> is_swapped = false;
  std::thread writer([&] {
    published.Publish(std::make_unique<Canary>(2));
    is_swapped = true;
  });
  while (published.Read()->number != 2) std::this_thread::yield();
  for (int i = 0; i < 1'000; ++i) {
    ASSERT_FALSE(is_swapped);
    ASSERT_EQ((*reading)->number, 1);
  }
  reading.reset();
  writer.join();
  EXPECT_TRUE(is_swapped);
}

// A reader never sees a freed object (-1, or a report of the sanitizers), nor time run backwards.
// Readers that do not linger let the writer overtake them in the middle of Read().
TEST(Published, IsNeverReadAfterItWasFreed) {
  Published<Canary> published(std::make_unique<Canary>(0));
  std::atomic<bool> is_done = false;
  std::vector<std::thread> readers;
  for (int i = 0; i < 3; ++i) {
    readers.emplace_back([&] {
      int last = 0;
      while (!is_done) {
        const auto reading = published.Read();
        for (int look = 0; look < 20; ++look) {
          const int number = reading->number;
          ASSERT_GE(number, last);
          last = number;
        }
      }
    });
  }
  // Where processors are few or busy, each swap waits for a reader that has lost its own.
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  for (int number = 1; number <= 200'000 && std::chrono::steady_clock::now() < end; ++number) {
    published.Publish(std::make_unique<Canary>(number));
  }
  is_done = true;
  for (std::thread& reader : readers) reader.join();
}

}  // namespace
}  // namespace datastorage::scan
