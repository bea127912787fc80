// Fiber: a function with a stack of its own that runs until it suspends itself: what the simulator
// has instead of threads.
//
// Threads:    one; a fiber is resumed by the thread that made it.
// Memory:     a stack of kStackByteCount with a guard page; stacks are kept for the next fiber.
// Sanitizers: every switch is told to the address sanitizer.
#pragma once

#include <boost/context/fiber.hpp>
#include <boost/context/stack_context.hpp>
#include <cstddef>
#include <functional>

namespace datastorage {

class Fiber {
 public:
  static constexpr std::size_t kStackByteCount = 256u << 10;

  // Nothing runs before the first Resume. `body` must not throw.
  explicit Fiber(std::function<void()> body) : body_(std::move(body)) {}
  // REQUIRES: never resumed, or finished.
  ~Fiber();
  Fiber(const Fiber&) = delete;
  Fiber& operator=(const Fiber&) = delete;

  // Runs it until it suspends or ends. REQUIRES: not finished, not called from itself.
  void Resume();
  // Returns to Resume's caller; returns itself at the next Resume. REQUIRES: called from itself.
  void Suspend();
  // Ends a fiber that never ran: destroys its body. REQUIRES: !has_started().
  void Discard();

  bool has_started() const { return has_started_; }
  bool is_finished() const { return is_finished_; }

 private:
  // Where the address sanitizer believes a stack to be.
  struct Bounds {
    const void* bottom = nullptr;
    std::size_t size = 0;
  };

  boost::context::fiber Enter(boost::context::fiber&& caller);

  std::function<void()> body_;
  boost::context::stack_context stack_;
  boost::context::fiber self_;    // While suspended.
  boost::context::fiber caller_;  // While running.
  void* fake_stack_ = nullptr;
  Bounds caller_bounds_;
  bool has_started_ = false;
  bool is_finished_ = false;
};

}  // namespace datastorage
