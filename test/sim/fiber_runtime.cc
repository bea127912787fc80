#include "sim/fiber_runtime.h"

#include <algorithm>

#include "base/check.h"
#include "sim/sim_fiber.h"

namespace datastorage {
namespace {

constexpr SteadyTime kSteadyStart{std::chrono::seconds(1'000)};
constexpr WallTime kWallStart{std::chrono::seconds(1'700'000'000)};
constexpr Duration kClockStepMost = std::chrono::milliseconds(1);
constexpr int kPriorityChangePerThousand = 60;
constexpr int kDeadCallCountMax = 1'000'000;

std::uint64_t Mixed(std::uint64_t hash, std::uint64_t value) {
  return (hash ^ value) * 0x100000001B3u;
}

std::string FullName(const SimFiber& fiber) {
  return fiber.process.name + "/" + fiber.name;
}

}  // namespace

FiberRuntime::FiberRuntime(Options options)
    : options_(std::move(options)), random_(options_.seed), now_(kSteadyStart) {
  picks_by_priority_ = random_.Chance(500);
  MakeProcess("world");
}

FiberRuntime::~FiberRuntime() {
  DropFibersOf([](const SimFiber&) { return true; });
}

WallTime FiberRuntime::WallNow() const {
  const Duration skew = current_ != nullptr ? current_->process.wall_skew : Duration();
  return kWallStart + (now_ - kSteadyStart) + skew;
}

void FiberRuntime::Sleep(Duration duration) {
  ThrowIfDead();
  if (IsCallerDead()) return;
  if (current_ == nullptr) {
    now_ += std::max(duration, Duration());
    return;
  }
  FiberList nobody;
  Block(nobody, Deadline::At(now_ + std::max(duration, Duration())), "sleep");
  ThrowIfDead();
}

std::unique_ptr<Task> FiberRuntime::Spawn(std::string_view name, std::function<void()> body) {
  return SpawnIn(current_process(), name, std::move(body));
}

std::unique_ptr<Task> FiberRuntime::SpawnIn(ProcessId process,
                                            std::string_view name,
                                            std::function<void()> body) {
  return std::make_unique<FiberTask>(*this, Start(process, name, std::move(body)));
}

void FiberRuntime::Launch(ProcessId process, std::string_view name, std::function<void()> body) {
  Start(process, name, std::move(body));
}

std::unique_ptr<MutexBackend> FiberRuntime::MakeMutex() {
  const auto process = static_cast<std::size_t>(current_process());
  return std::make_unique<FiberMutex>(*this, *processes_[process]);
}

std::unique_ptr<WaitQueueBackend> FiberRuntime::MakeWaitQueue() {
  const auto process = static_cast<std::size_t>(current_process());
  return std::make_unique<FiberWaitQueue>(*this, *processes_[process]);
}

RunReport FiberRuntime::Run(std::function<void()> body) {
  const FiberPointer main = Start(kWorld, "main", std::move(body));
  DS_CHECK(main != nullptr);
  while (!main->stack.is_finished() && report_.trouble.empty()) Step();
  for (const auto& process : processes_) process->is_dead = true;
  DropFibersOf([](const SimFiber&) { return true; });
  return report_;
}

ProcessId FiberRuntime::MakeProcess(std::string name, Duration wall_skew) {
  const auto id = static_cast<ProcessId>(processes_.size());
  processes_.push_back(std::make_unique<SimProcess>(SimProcess{id, std::move(name), wall_skew}));
  return id;
}

void FiberRuntime::Crash(ProcessId process) {
  DS_CHECK(process != kWorld);
  if (IsCallerDead() || IsDead(process)) return;
  processes_[static_cast<std::size_t>(process)]->is_dead = true;
  if (current_ == nullptr) {
    DropFibersOf([&](const SimFiber& fiber) { return fiber.process.id == process; });
    return;
  }
  crashing_.push_back(process);
  if (current_process() != process) {
    Pause("crash of another");
    return ThrowIfDead();
  }
  SwitchAway(current_->where);
  ThrowIfDead();
}

bool FiberRuntime::IsDead(ProcessId process) const {
  return processes_[static_cast<std::size_t>(process)]->is_dead;
}

void FiberRuntime::Yield(std::string_view where) {
  if (current_ == nullptr || instant_depth_ > 0) return;
  ThrowIfDead();
  if (IsCallerDead()) return;
  current_->where = where;
  const ProcessId process = current_process();
  if (process != kWorld && options_.crashes && options_.crashes(process, step(), where)) {
    Crash(process);
  }
  Pause(where);
  ThrowIfDead();
}

bool FiberRuntime::IsCallerDead() const {
  if (current_ == nullptr || !current_->process.is_dead) return false;
  // A destructor that waits in a loop would never end.
  DS_CHECK(++current_->dead_call_count < kDeadCallCountMax);
  return true;
}

ProcessId FiberRuntime::current_process() const {
  return current_ != nullptr ? current_->process.id : kWorld;
}

void FiberRuntime::SetStep(std::string_view step) {
  if (current_ != nullptr) current_->step = step;
}

std::string FiberRuntime::step() const {
  if (current_ == nullptr) return "outside";
  return current_->step.empty() ? current_->name : std::string(current_->step);
}

int FiberRuntime::BeginActor() {
  if (current_ == nullptr || IsCallerDead()) return 0;
  return current_->actor = ++last_actor_;
}

int FiberRuntime::actor() const {
  return current_ != nullptr ? current_->actor : 0;
}

FiberRuntime::FiberPointer FiberRuntime::Start(ProcessId process,
                                               std::string_view name,
                                               std::function<void()> body) {
  if (IsCallerDead() || IsDead(process)) return nullptr;
  const SimProcess& owner = *processes_[static_cast<std::size_t>(process)];
  auto fiber = std::make_shared<SimFiber>(next_id_++, owner, name, std::move(body));
  fiber->priority = static_cast<std::int64_t>(random_.Next() >> 1);
  if (current_ != nullptr) fiber->step = current_->step;
  fiber->actor = actor();
  fiber->where = "start";
  fibers_.push_back(fiber);
  runnable_.push_back(fiber.get());
  return fiber;
}

void FiberRuntime::Step() {
  if (++report_.step_count > options_.step_count_max) {
    report_.trouble = "no end after " + std::to_string(options_.step_count_max) + " steps";
  }
  AdvanceClock();
  if (runnable_.empty()) report_.trouble = "deadlock";
  if (!report_.trouble.empty()) {
    report_.trouble += WhoWaits();
    return;
  }
  SimFiber& next = *PickNext();
  Record(next);
  Resume(next);
  if (next.stack.is_finished()) Retire(next);
  for (const ProcessId process : std::exchange(crashing_, {})) {
    DropFibersOf([&](const SimFiber& fiber) { return fiber.process.id == process; });
  }
}

void FiberRuntime::AdvanceClock() {
  if (random_.Chance(options_.clock_step_per_thousand)) now_ += random_.SomeTime(kClockStepMost);
  if (runnable_.empty() && !timers_.empty()) now_ = std::max(now_, timers_.begin()->first.first);
  while (!timers_.empty() && timers_.begin()->first.first <= now_) {
    Wake(*timers_.begin()->second, false);
  }
}

SimFiber* FiberRuntime::PickNext() {
  auto chosen = runnable_.begin() + static_cast<std::ptrdiff_t>(random_.Below(runnable_.size()));
  if (picks_by_priority_) {
    chosen = std::max_element(runnable_.begin(), runnable_.end(), [](auto* a, auto* b) {
      return a->priority < b->priority;
    });
    // Below all others: so one that polls for what another holds lets that one run.
    if (random_.Chance(kPriorityChangePerThousand)) (*chosen)->priority = --lowest_priority_;
  }
  SimFiber* fiber = *chosen;
  runnable_.erase(chosen);
  return fiber;
}

void FiberRuntime::Record(const SimFiber& fiber) {
  report_.trace_hash = Mixed(report_.trace_hash, fiber.id);
  for (const char letter : fiber.where) {
    report_.trace_hash = Mixed(report_.trace_hash, static_cast<unsigned char>(letter));
  }
  if (!options_.keeps_trace) return;
  const auto time = (now_ - kSteadyStart).count();
  trace_.push_back(std::to_string(time) + " " + FullName(fiber) + " " + std::string(fiber.where));
}

void FiberRuntime::Resume(SimFiber& fiber) {
  SimFiber* const before = std::exchange(current_, &fiber);
  fiber.stack.Resume();
  current_ = before;
}

void FiberRuntime::Retire(SimFiber& fiber) {
  WakeAllOf(fiber.joiners);
  std::erase_if(fibers_, [&](const FiberPointer& other) { return other.get() == &fiber; });
}

void FiberRuntime::DropFibersOf(const std::function<bool(const SimFiber&)>& is_meant) {
  const std::vector<FiberPointer> fibers = fibers_;
  for (auto fiber = fibers.rbegin(); fiber != fibers.rend(); ++fiber) {
    if (is_meant(**fiber) && !(*fiber)->stack.is_finished()) Drop(**fiber);
  }
}

void FiberRuntime::Drop(SimFiber& fiber) {
  if (options_.on_drop && fiber.process.id != kWorld) {
    options_.on_drop(fiber.step.empty() ? std::string_view(fiber.name) : fiber.step, fiber.where);
  }
  Unlink(fiber);
  if (fiber.stack.has_started()) {
    Resume(fiber);
  } else {
    SimFiber* const before = std::exchange(current_, &fiber);
    fiber.stack.Discard();
    current_ = before;
  }
  DS_CHECK(fiber.stack.is_finished());
  Retire(fiber);
}

std::string FiberRuntime::WhoWaits() const {
  std::string text = ":";
  for (const FiberPointer& fiber : fibers_) {
    text += "\n  " + FullName(*fiber) + " at " + std::string(fiber->where);
    if (fiber->waits_for == nullptr || *fiber->waits_for == nullptr) continue;
    const SimFiber& other = **fiber->waits_for;
    text += " by " + FullName(other) + (other.stack.is_finished() ? ", which is gone" : "");
  }
  return text;
}

}  // namespace datastorage
