#include <gtest/gtest.h>
#include <pthread.h>

#include <array>
#include <atomic>
#include <string>
#include <vector>

#include "base/runtime.h"

namespace datastorage {
namespace {

using namespace std::chrono_literals;

TEST(ThreadRuntime, JoinsATaskThatIsDestroyed) {
  std::atomic<bool> has_ended = false;
  {
    const std::unique_ptr<Task> task = ThreadRuntime().Spawn("slow", [&] {
      ThreadRuntime().Sleep(5ms);
      has_ended = true;
    });
  }
  EXPECT_TRUE(has_ended);
}

TEST(ThreadRuntime, MayBeJoinedTwice) {
  const std::unique_ptr<Task> task = ThreadRuntime().Spawn("twice", [] {});
  task->Join();
  task->Join();
}

TEST(ThreadRuntime, NamesItsThreads) {
  Mutex mutex(ThreadRuntime());
  WaitQueue named(ThreadRuntime());
  bool is_named = false;
  std::string name;
  const std::unique_ptr<Task> task = ThreadRuntime().Spawn("a-name-of-more-than-15", [&] {
    // The name is given by the parent, after the start.
    MutexLock lock(mutex);
    while (!is_named) named.Wait(mutex, Deadline::In(10s));
    std::array<char, 16> buffer{};
    pthread_getname_np(pthread_self(), buffer.data(), buffer.size());
    name = buffer.data();
  });
  {
    MutexLock lock(mutex);
    is_named = true;
    named.NotifyAll();
  }
  task->Join();
  EXPECT_EQ(name, "a-name-of-more-");
}

TEST(ThreadRuntime, LetsOneTaskAtATimeHoldAMutex) {
  Mutex mutex(ThreadRuntime());
  int count = 0;
  {
    std::vector<std::unique_ptr<Task>> tasks;
    for (int i = 0; i < 4; ++i) {
      tasks.push_back(ThreadRuntime().Spawn("count", [&] {
        for (int n = 0; n < 10'000; ++n) {
          MutexLock lock(mutex);
          ++count;
        }
      }));
    }
  }
  EXPECT_EQ(count, 40'000);
}

// The task can only take the mutex once the waiter has let go of it.
TEST(WaitQueue, WakesAWaiter) {
  for (const Deadline deadline : {Deadline::In(10s), Deadline::Never()}) {
    Mutex mutex(ThreadRuntime());
    WaitQueue queue(ThreadRuntime());
    bool is_ready = false;
    MutexLock lock(mutex);
    const std::unique_ptr<Task> task = ThreadRuntime().Spawn("wake", [&] {
      MutexLock task_lock(mutex);
      is_ready = true;
      queue.NotifyOne();
    });
    while (!is_ready) ASSERT_TRUE(queue.Wait(mutex, deadline));
  }
}

TEST(WaitQueue, GivesUpAtTheDeadline) {
  Mutex mutex(ThreadRuntime());
  WaitQueue queue(ThreadRuntime());
  MutexLock lock(mutex);
  const Deadline deadline = Deadline::In(5ms);
  while (queue.Wait(mutex, deadline)) {
  }
  EXPECT_TRUE(deadline.HasPassed());
  EXPECT_FALSE(queue.Wait(mutex, Deadline::In(-1s)));
}

}  // namespace
}  // namespace datastorage
