// What test/contract/runtime_contract_test.cc does not ask of every runtime.
#include <gtest/gtest.h>
#include <pthread.h>

#include <array>
#include <string>

#include "base/runtime.h"

namespace datastorage {
namespace {

using namespace std::chrono_literals;

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

}  // namespace
}  // namespace datastorage
