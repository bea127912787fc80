// The Runtime of the service: operating system threads.
#include <pthread.h>

#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>

#include "base/runtime.h"

namespace datastorage {
namespace {

class ThreadMutex final : public MutexBackend {
 public:
  void Lock() override { mutex_.lock(); }
  void Unlock() override { mutex_.unlock(); }
  std::mutex& native() { return mutex_; }

 private:
  std::mutex mutex_;
};

class ThreadWaitQueue final : public WaitQueueBackend {
 public:
  bool Wait(MutexBackend& mutex, Deadline deadline) override {
    std::unique_lock<std::mutex> lock(static_cast<ThreadMutex&>(mutex).native(), std::adopt_lock);
    // Waits in slices of at most a year: SteadyTime::max() overflows the C library's conversion.
    const SteadyTime until = SystemClock().Now() + deadline.Remaining();
    const bool in_time = condition_.wait_until(lock, until) == std::cv_status::no_timeout;
    lock.release();
    return in_time || !deadline.HasPassed();
  }
  void NotifyOne() override { condition_.notify_one(); }
  void NotifyAll() override { condition_.notify_all(); }

 private:
  std::condition_variable condition_;
};

class ThreadTask final : public Task {
 public:
  ThreadTask(std::string_view name, std::function<void()> body) : thread_(std::move(body)) {
    pthread_setname_np(thread_.native_handle(), std::string(name.substr(0, 15)).c_str());
  }
  ~ThreadTask() override { Join(); }
  ThreadTask(const ThreadTask&) = delete;
  ThreadTask& operator=(const ThreadTask&) = delete;
  void Join() override {
    if (thread_.joinable()) thread_.join();
  }

 private:
  std::thread thread_;
};

class Threads final : public Runtime {
 public:
  SteadyTime Now() const override { return SystemClock().Now(); }
  WallTime WallNow() const override { return SystemClock().WallNow(); }
  void Sleep(Duration duration) override { std::this_thread::sleep_for(duration); }
  std::unique_ptr<Task> Spawn(std::string_view name, std::function<void()> body) override {
    return std::make_unique<ThreadTask>(name, std::move(body));
  }
  std::unique_ptr<MutexBackend> MakeMutex() override { return std::make_unique<ThreadMutex>(); }
  std::unique_ptr<WaitQueueBackend> MakeWaitQueue() override {
    return std::make_unique<ThreadWaitQueue>();
  }
};

}  // namespace

Runtime& ThreadRuntime() {
  static Threads runtime;
  return runtime;
}

}  // namespace datastorage
