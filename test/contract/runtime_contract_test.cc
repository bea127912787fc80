// What every Runtime promises, run over threads and over the simulator's fibers.
#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <ostream>
#include <string>
#include <vector>

#include "base/runtime.h"
#include "sim/fiber_runtime.h"

namespace datastorage {
namespace {

using namespace std::chrono_literals;

// Calls a body with a runtime, in a task of it.
struct RuntimeUnderTest {
  std::string name;
  std::function<void(const std::function<void(Runtime&)>&)> run;

  friend void PrintTo(const RuntimeUnderTest& runtime, std::ostream* out) { *out << runtime.name; }
};

class RuntimeContract : public testing::TestWithParam<RuntimeUnderTest> {};

TEST_P(RuntimeContract, JoinsATaskThatIsDestroyed) {
  GetParam().run([](Runtime& runtime) {
    std::atomic<bool> has_ended = false;
    {
      const std::unique_ptr<Task> task = runtime.Spawn("slow", [&] {
        runtime.Sleep(5ms);
        has_ended = true;
      });
    }
    EXPECT_TRUE(has_ended);
  });
}

TEST_P(RuntimeContract, MayBeJoinedTwice) {
  GetParam().run([](Runtime& runtime) {
    const std::unique_ptr<Task> task = runtime.Spawn("twice", [] {});
    task->Join();
    task->Join();
  });
}

TEST_P(RuntimeContract, SleepsAtLeastAsLongAsItSays) {
  GetParam().run([](Runtime& runtime) {
    const SteadyTime start = runtime.Now();
    const WallTime wall_start = runtime.WallNow();
    runtime.Sleep(3ms);
    EXPECT_GE(runtime.Now() - start, 3ms);
    EXPECT_GE(runtime.WallNow() - wall_start, 2ms);
  });
}

// The read and the write of `count` lie on two sides of another lock, where tasks may change.
TEST_P(RuntimeContract, LetsOneTaskAtATimeHoldAMutex) {
  GetParam().run([](Runtime& runtime) {
    Mutex mutex(runtime);
    Mutex other(runtime);
    int count = 0;
    {
      std::vector<std::unique_ptr<Task>> tasks;
      for (int i = 0; i < 4; ++i) {
        tasks.push_back(runtime.Spawn("count", [&] {
          for (int n = 0; n < 2'000; ++n) {
            const MutexLock lock(mutex);
            const int before = count;
            { const MutexLock inner(other); }
            count = before + 1;
          }
        }));
      }
    }
    EXPECT_EQ(count, 8'000);
  });
}

// The task can only take the mutex once the waiter has let go of it.
TEST_P(RuntimeContract, WakesAWaiter) {
  GetParam().run([](Runtime& runtime) {
    for (const Deadline deadline : {Deadline::In(10s, runtime), Deadline::Never()}) {
      Mutex mutex(runtime);
      WaitQueue queue(runtime);
      bool is_ready = false;
      std::unique_ptr<Task> task;
      const MutexLock lock(mutex);
      task = runtime.Spawn("wake", [&] {
        const MutexLock task_lock(mutex);
        is_ready = true;
        queue.NotifyOne();
      });
      while (!is_ready) ASSERT_TRUE(queue.Wait(mutex, deadline));
    }
  });
}

// Each of the waiters takes one of as many turns; all wait with no deadline, so that a lost wake-up
// would hang.
TEST_P(RuntimeContract, LosesNoWakeUp) {
  GetParam().run([](Runtime& runtime) {
    Mutex mutex(runtime);
    WaitQueue queue(runtime);
    int turns = 0;
    int taken = 0;
    std::vector<std::unique_ptr<Task>> tasks;
    for (int i = 0; i < 6; ++i) {
      tasks.push_back(runtime.Spawn("take", [&] {
        const MutexLock lock(mutex);
        while (turns == 0) queue.Wait(mutex, Deadline::Never());
        --turns;
        ++taken;
      }));
    }
    for (int i = 0; i < 3; ++i) {
      const MutexLock lock(mutex);
      ++turns;
      queue.NotifyOne();
    }
    {
      const MutexLock lock(mutex);
      turns += 3;
      queue.NotifyAll();
    }
    tasks.clear();
    EXPECT_EQ(taken, 6);
    EXPECT_EQ(turns, 0);
  });
}

TEST_P(RuntimeContract, GivesUpAtTheDeadline) {
  GetParam().run([](Runtime& runtime) {
    Mutex mutex(runtime);
    WaitQueue queue(runtime);
    const MutexLock lock(mutex);
    const Deadline deadline = Deadline::In(5ms, runtime);
    while (queue.Wait(mutex, deadline)) {
    }
    EXPECT_TRUE(deadline.HasPassed(runtime));
    while (queue.Wait(mutex, Deadline::In(-1s, runtime))) {
    }
  });
}

void RunOnFibers(const std::function<void(Runtime&)>& body) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    FiberRuntime runtime({.seed = seed});
    EXPECT_EQ(runtime.Run([&] { body(runtime); }).trouble, "");
  }
}

INSTANTIATE_TEST_SUITE_P(
    Each,
    RuntimeContract,
    testing::Values(RuntimeUnderTest{"threads", [](auto& body) { body(ThreadRuntime()); }},
                    RuntimeUnderTest{"fibers", &RunOnFibers}),
    [](const auto& made) { return made.param.name; });

}  // namespace
}  // namespace datastorage
