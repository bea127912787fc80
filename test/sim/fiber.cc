#include "sim/fiber.h"

#include <boost/context/preallocated.hpp>
#include <boost/context/protected_fixedsize_stack.hpp>
#include <utility>
#include <vector>

#include "base/check.h"

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#endif

namespace datastorage {
namespace {

using boost::context::stack_context;

// The address sanitizer's calls, or nothing.
void StartSwitch([[maybe_unused]] void** fake_stack,
                 [[maybe_unused]] const void* bottom,
                 [[maybe_unused]] std::size_t size) {
#ifdef __SANITIZE_ADDRESS__
  __sanitizer_start_switch_fiber(fake_stack, bottom, size);
#endif
}

void FinishSwitch([[maybe_unused]] void* fake_stack,
                  [[maybe_unused]] const void** bottom,
                  [[maybe_unused]] std::size_t* size) {
#ifdef __SANITIZE_ADDRESS__
  __sanitizer_finish_switch_fiber(fake_stack, bottom, size);
#endif
}

// Mapping a stack costs more than all that most fibers do.
class StackPool {
 public:
  StackPool() = default;
  ~StackPool() {
    for (stack_context& stack : free_) allocator_.deallocate(stack);
  }
  StackPool(const StackPool&) = delete;
  StackPool& operator=(const StackPool&) = delete;

  stack_context Take() {
    if (free_.empty()) return allocator_.allocate();
    const stack_context stack = free_.back();
    free_.pop_back();
    return stack;
  }
  void Give([[maybe_unused]] stack_context stack) {
#ifdef __SANITIZE_ADDRESS__
    ASAN_UNPOISON_MEMORY_REGION(static_cast<char*>(stack.sp) - Fiber::kStackByteCount,
                                Fiber::kStackByteCount);
#endif
    free_.push_back(stack);
  }

 private:
  boost::context::protected_fixedsize_stack allocator_{Fiber::kStackByteCount};
  std::vector<stack_context> free_;
};

StackPool& Stacks() {
  thread_local StackPool pool;
  return pool;
}

// For boost: the stack goes back to the pool when the fiber's function has left it.
struct GiveBack {
  void deallocate(stack_context& stack) { Stacks().Give(stack); }
};

const void* BottomOf(const stack_context& stack) {
  return static_cast<const char*>(stack.sp) - stack.size;
}

}  // namespace

Fiber::~Fiber() {
  DS_CHECK(!has_started_ || is_finished_);
}

void Fiber::Resume() {
  DS_CHECK(!is_finished_);
  if (!has_started_) {
    has_started_ = true;
    stack_ = Stacks().Take();
    self_ = boost::context::fiber(
        std::allocator_arg,
        boost::context::preallocated(stack_.sp, stack_.size, stack_),
        GiveBack(),
        [this](boost::context::fiber&& caller) { return Enter(std::move(caller)); });
  }
  void* fake_stack = nullptr;
  StartSwitch(&fake_stack, BottomOf(stack_), stack_.size);
  self_ = std::move(self_).resume();
  FinishSwitch(fake_stack, nullptr, nullptr);
}

boost::context::fiber Fiber::Enter(boost::context::fiber&& caller) {
  FinishSwitch(nullptr, &caller_bounds_.bottom, &caller_bounds_.size);
  caller_ = std::move(caller);
  body_();
  body_ = nullptr;
  is_finished_ = true;
  // No fake stack to come back to: this one ends.
  StartSwitch(nullptr, caller_bounds_.bottom, caller_bounds_.size);
  return std::move(caller_);
}

void Fiber::Suspend() {
  StartSwitch(&fake_stack_, caller_bounds_.bottom, caller_bounds_.size);
  caller_ = std::move(caller_).resume();
  FinishSwitch(fake_stack_, &caller_bounds_.bottom, &caller_bounds_.size);
}

void Fiber::Discard() {
  DS_CHECK(!has_started_);
  is_finished_ = true;
  body_ = nullptr;
}

}  // namespace datastorage
