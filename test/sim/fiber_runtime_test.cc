#include "sim/fiber_runtime.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <set>
#include <string>
#include <vector>

namespace datastorage {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;

// Says when it is destroyed.
struct Witness {
  std::vector<std::string>& log;
  std::string name;
  ~Witness() { log.push_back(name); }
};

// Four tasks that lock, sleep and wait; the order in which they came through.
std::string Chatter(std::uint64_t seed, RunReport* report, std::vector<std::string>* trace) {
  FiberRuntime runtime({.seed = seed, .keeps_trace = true});
  std::string order;
  *report = runtime.Run([&] {
    Mutex mutex(runtime);
    WaitQueue queue(runtime);
    std::vector<std::unique_ptr<Task>> tasks;
    for (char name = 'a'; name < 'e'; ++name) {
      tasks.push_back(runtime.Spawn(std::string(1, name), [&, name] {
        for (int i = 0; i < 5; ++i) {
          runtime.Yield("between");
          const MutexLock lock(mutex);
          order += name;
          queue.NotifyOne();
          if (i % 2 == 0) queue.Wait(mutex, Deadline::In(1ms, runtime));
        }
      }));
    }
  });
  *trace = runtime.trace();
  return order;
}

TEST(FiberRuntime, RunsEqualSeedsEqually) {
  std::set<std::string> orders;
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    RunReport first, again;
    std::vector<std::string> first_trace, trace;
    const std::string order = Chatter(seed, &first, &first_trace);
    ASSERT_EQ(first.trouble, "");
    EXPECT_EQ(Chatter(seed, &again, &trace), order);
    EXPECT_EQ(again.trace_hash, first.trace_hash);
    EXPECT_EQ(again.step_count, first.step_count);
    EXPECT_EQ(trace, first_trace);
    orders.insert(order);
  }
  EXPECT_GT(orders.size(), 45u) << "seeds hardly change the order";
}

TEST(FiberRuntime, JumpsToTheNextTimerOnlyWhenNobodyCanRun) {
  FiberRuntime runtime({.clock_step_per_thousand = 0});
  std::vector<std::string> log;
  const SteadyTime start = runtime.Now();
  const RunReport report = runtime.Run([&] {
    const auto late = runtime.Spawn("late", [&] {
      runtime.Sleep(2h);
      log.emplace_back("late");
      EXPECT_EQ(runtime.Now() - start, 2h);
    });
    const auto early = runtime.Spawn("early", [&] {
      runtime.Sleep(1s);
      log.emplace_back("early");
      EXPECT_EQ(runtime.Now() - start, 1s);
    });
    const auto busy = runtime.Spawn("busy", [&] {
      for (int i = 0; i < 100; ++i) runtime.Yield("busy");
      log.emplace_back("busy");
      EXPECT_EQ(runtime.Now(), start);
    });
  });
  EXPECT_EQ(report.trouble, "");
  EXPECT_THAT(log, ElementsAre("busy", "early", "late"));
}

// Whoever polls for what another holds must not keep that one from running.
TEST(FiberRuntime, LetsAHolderRunThatOthersPollFor) {
  for (std::uint64_t seed = 0; seed < 500; ++seed) {
    FiberRuntime runtime({.seed = seed, .step_count_max = 3'000});
    const RunReport report = runtime.Run([&] {
      bool is_held = true;
      std::vector<std::unique_ptr<Task>> tasks;
      tasks.push_back(runtime.Spawn("holds", [&] {
        for (int i = 0; i < 20; ++i) runtime.Yield("holding");
        is_held = false;
      }));
      for (int i = 0; i < 6; ++i) {
        tasks.push_back(runtime.Spawn("polls", [&] {
          while (is_held) runtime.Yield("polling");
        }));
      }
    });
    ASSERT_EQ(report.trouble, "") << "seed " << seed;
  }
}

TEST(FiberRuntime, WakesNowAndThenForNoReason) {
  FiberRuntime runtime({.spurious_wake_per_thousand = 100});
  int spurious_count = 0;
  runtime.Run([&] {
    Mutex mutex(runtime);
    WaitQueue queue(runtime);
    const MutexLock lock(mutex);
    for (int i = 0; i < 1'000; ++i) {
      if (queue.Wait(mutex, Deadline::In(1ms, runtime))) ++spurious_count;
    }
  });
  EXPECT_GT(spurious_count, 50);
  EXPECT_LT(spurious_count, 200);
}

TEST(FiberRuntime, TellsTheTimeOfEachProcessWithItsSkew) {
  FiberRuntime runtime({});
  runtime.Run([&] {
    const WallTime here = runtime.WallNow();
    WallTime there;
    runtime.SpawnIn(runtime.MakeProcess("skewed", 5s), "clock", [&] { there = runtime.WallNow(); })
        ->Join();
    EXPECT_GE(there - here, 5s);
    EXPECT_LT(there - here, 6s);
  });
}

TEST(FiberRuntime, ReportsADeadlockWithWhoWaitsForWhom) {
  FiberRuntime runtime({});
  const RunReport report = runtime.Run([&] {
    Mutex a(runtime);
    Mutex b(runtime);
    const auto grab = [&](Mutex& first, Mutex& second) {
      const MutexLock one(first);
      runtime.Sleep(1s);
      const MutexLock two(second);
    };
    const auto left = runtime.Spawn("left", [&] { grab(a, b); });
    const auto right = runtime.Spawn("right", [&] { grab(b, a); });
  });
  EXPECT_THAT(report.trouble, HasSubstr("deadlock"));
  EXPECT_THAT(report.trouble, HasSubstr("world/left at lock, held by world/right"));
  EXPECT_THAT(report.trouble, HasSubstr("world/right at lock, held by world/left"));
  EXPECT_THAT(report.trouble, HasSubstr("world/main at join by world/right"));
}

TEST(FiberRuntime, EndsARunThatDoesNotEnd) {
  FiberRuntime runtime({.step_count_max = 1'000});
  std::vector<std::string> log;
  const RunReport report = runtime.Run([&] {
    const Witness witness{log, "main"};
    for (;;) runtime.Sleep(1s);
  });
  EXPECT_THAT(report.trouble, HasSubstr("no end after 1000 steps"));
  EXPECT_THAT(report.trouble, HasSubstr("world/main at sleep"));
  EXPECT_THAT(log, ElementsAre("main"));
}

// The victims of one replica: in a critical section, waiting, sleeping, joining, never started.
TEST(FiberRuntime, UnwindsTheFibersOfACrashedProcessYoungestFirst) {
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    std::vector<std::string> log;
    FiberRuntime runtime({.seed = seed});
    const RunReport report = runtime.Run([&] {
      const ProcessId replica = runtime.MakeProcess("replica");
      const auto start = runtime.SpawnIn(replica, "start", [&] {
        const Witness witness{log, "start"};
        Mutex mutex(runtime);
        WaitQueue queue(runtime);
        const auto waits = runtime.Spawn("waits", [&] {
          const Witness mine{log, "waits"};
          const MutexLock lock(mutex);
          for (;;) queue.Wait(mutex, Deadline::Never());
        });
        const auto holds = runtime.Spawn("holds", [&] {
          const Witness mine{log, "holds"};
          const MutexLock lock(mutex);
          runtime.Sleep(10s);
          log.emplace_back("not reached");
        });
        runtime.Sleep(2s);
        const auto locks = runtime.Spawn("locks", [&] {
          const Witness mine{log, "locks"};
          const MutexLock lock(mutex);
          runtime.Yield("in the section");
          log.emplace_back("not reached");
        });
        runtime.Sleep(10s);
      });
      runtime.Sleep(5s);
      runtime.Crash(replica);
      EXPECT_TRUE(runtime.IsDead(replica));
      EXPECT_THAT(log, ElementsAre("locks", "holds", "waits", "start"));
      start->Join();
    });
    ASSERT_EQ(report.trouble, "");
  }
}

TEST(FiberRuntime, DoesNotRunAFiberThatACrashForestalls) {
  FiberRuntime runtime({});
  std::vector<std::string> log;
  runtime.Run([&] {
    const ProcessId replica = runtime.MakeProcess("replica");
    const auto task = runtime.SpawnIn(
        replica, "never", [&, kept = std::shared_ptr<Witness>(new Witness{log, "captured"})] {
          log.emplace_back("not reached");
        });
    runtime.Crash(replica);
    runtime.Sleep(1s);
    runtime.SpawnIn(replica, "late", [&] { log.emplace_back("late"); })->Join();
  });
  EXPECT_THAT(log, ElementsAre("captured"));
}

// A process that dies with a lock of the world in its hand keeps it; its own locks hold nobody up.
TEST(FiberRuntime, FreesNothingOfOthersWhenAProcessCrashesInACriticalSection) {
  FiberRuntime runtime({});
  std::optional<Mutex> of_replica;
  bool is_past_own = false;
  const RunReport report = runtime.Run([&] {
    Mutex of_world(runtime);
    const ProcessId replica = runtime.MakeProcess("replica");
    const auto victim = runtime.SpawnIn(replica, "victim", [&] {
      of_replica.emplace(runtime);
      const MutexLock own(*of_replica);
      const MutexLock shared(of_world);
      runtime.Sleep(1h);
    });
    runtime.Sleep(1s);
    runtime.Crash(replica);
    { const MutexLock own(*of_replica); }
    is_past_own = !runtime.IsCallerDead();
    const MutexLock shared(of_world);
  });
  EXPECT_TRUE(is_past_own);
  EXPECT_THAT(report.trouble, HasSubstr("held by replica/victim, which is gone"));
}

// A destructor takes locks and joins; a crash that meets it there lets it end.
TEST(FiberRuntime, LetsADestructorEndThatACrashMeets) {
  struct Owner {
    Runtime& runtime;
    std::vector<std::string>& log;
    Mutex mutex{runtime};
    std::unique_ptr<Task> task{};
    ~Owner() {
      { const MutexLock lock(mutex); }
      task.reset();
      log.emplace_back("destroyed");
    }
  };
  int met_count = 0;
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    std::vector<std::string> log;
    FiberRuntime runtime({.seed = seed, .clock_step_per_thousand = 0});
    const RunReport report = runtime.Run([&] {
      const ProcessId replica = runtime.MakeProcess("replica");
      const auto victim = runtime.SpawnIn(replica, "victim", [&] {
        {
          Owner owner{.runtime = runtime, .log = log};
          owner.task = runtime.Spawn("held", [&] {
            const MutexLock lock(owner.mutex);
            for (int i = 0; i < 10; ++i) runtime.Yield("held");
          });
          runtime.Yield("before");
          log.emplace_back("destroying");
        }
        runtime.Yield("after");
        log.emplace_back("lived");
      });
      for (std::size_t i = runtime.random().Below(15); i > 0; --i) runtime.Yield("world");
      runtime.Crash(replica);
    });
    ASSERT_EQ(report.trouble, "");
    if (log == std::vector<std::string>{"destroying", "destroyed"}) ++met_count;
    if (!log.empty() && log.front() == "destroying") {
      EXPECT_EQ(log.at(1), "destroyed");
    }
  }
  EXPECT_GT(met_count, 10);
}

TEST(FiberRuntime, MakesEveryCallOfADeadProcessComeToNothing) {
  struct LastWords {
    FiberRuntime& runtime;
    Mutex& mutex;
    WaitQueue& queue;
    bool& is_said;
    ~LastWords() {
      const SteadyTime before = runtime.Now();
      const MutexLock lock(mutex);
      EXPECT_TRUE(runtime.IsCallerDead());
      EXPECT_FALSE(queue.Wait(mutex, Deadline::Never()));
      runtime.Sleep(1h);
      runtime.Yield("dead");
      queue.NotifyAll();
      runtime.Spawn("dead", [] { FAIL(); })->Join();
      EXPECT_EQ(runtime.Now(), before);
      is_said = true;
    }
  };
  FiberRuntime runtime({});
  bool is_said = false;
  const RunReport report = runtime.Run([&] {
    Mutex mutex(runtime);
    WaitQueue queue(runtime);
    const ProcessId replica = runtime.MakeProcess("replica");
    const auto victim = runtime.SpawnIn(replica, "victim", [&] {
      const LastWords words{runtime, mutex, queue, is_said};
      runtime.Sleep(1h);
    });
    runtime.Sleep(1s);
    runtime.Crash(replica);
    const MutexLock lock(mutex);
  });
  EXPECT_EQ(report.trouble, "");
  EXPECT_TRUE(is_said);
}

TEST(FiberRuntime, CrashesAProcessAtTheYieldThatIsAskedFor) {
  std::vector<std::string> dropped;
  FiberRuntime runtime({.crashes =
                            [](ProcessId, std::string_view step, std::string_view where) {
                              return step == "commit" && where == "second";
                            },
                        .on_drop =
                            [&](std::string_view step, std::string_view where) {
                              dropped.push_back(std::string(step) + " " + std::string(where));
                            }});
  std::vector<std::string> log;
  const RunReport report = runtime.Run([&] {
    const ProcessId replica = runtime.MakeProcess("replica");
    runtime
        .SpawnIn(replica,
                 "writer",
                 [&] {
                   runtime.Yield("second");
                   runtime.SetStep("commit");
                   runtime.Yield("first");
                   log.emplace_back("first");
                   runtime.Yield("second");
                   log.emplace_back("second");
                 })
        ->Join();
    EXPECT_TRUE(runtime.IsDead(replica));
  });
  EXPECT_EQ(report.trouble, "");
  EXPECT_THAT(log, ElementsAre("first"));
  EXPECT_THAT(dropped, ElementsAre("commit second"));
}

TEST(FiberRuntime, NamesAStepAfterItsFiberOrAsItIsTold) {
  FiberRuntime runtime({});
  std::vector<std::string> steps;
  const auto note = [&] { steps.push_back(runtime.step()); };
  runtime.Run([&] {
    runtime.Spawn("named", note)->Join();
    runtime.SetStep("told");
    runtime.Spawn("named", note)->Join();
  });
  note();
  EXPECT_THAT(steps, ElementsAre("named", "told", "outside"));
}

TEST(FiberRuntime, DropsWhatIsStillUnderWayWhenTheRunEnds) {
  std::vector<std::string> log;
  FiberRuntime runtime({});
  const RunReport report = runtime.Run([&] {
    runtime.Launch(kWorld, "message", [&] {
      const Witness witness{log, "message"};
      runtime.Sleep(1h);
      log.emplace_back("not reached");
    });
    runtime.Sleep(1s);
  });
  EXPECT_EQ(report.trouble, "");
  EXPECT_THAT(log, ElementsAre("message"));
}

}  // namespace
}  // namespace datastorage
