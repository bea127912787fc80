#include "sim/sim_network.h"

#include <algorithm>
#include <array>

namespace datastorage {
namespace {

constexpr int kBreaksLatePerThousand = 500;
constexpr int kCancelPerThousand = 300;
constexpr int kCannotTellPerThousand = 300;
constexpr Duration kPollPause = std::chrono::milliseconds(1);

bool Bears(const SimMessage& message, const Uuid& mark) {
  return std::find(message.marks.begin(), message.marks.end(), mark) != message.marks.end();
}

}  // namespace

SimFaults SimFaults::EachOf(int per_thousand) {
  SimFaults faults;
  faults.unavailable = per_thousand;
  faults.request_lost = per_thousand;
  faults.answer_lost = per_thousand;
  faults.delayed = per_thousand;
  faults.repeated = per_thousand;
  faults.slow = per_thousand;
  faults.interleaved = per_thousand;
  return faults;
}

std::optional<FaultKind> SimNetwork::Begin(const SimCall& call, Deadline deadline) {
  Count(call, FaultKind::kNone);
  runtime_.Yield(call.begins);
  if (deadline.HasPassed(runtime_)) return std::nullopt;
  const std::array<std::pair<int, FaultKind>, 6> chances{
      {{faults_.unavailable, FaultKind::kUnavailable},
       {faults_.request_lost, FaultKind::kRequestLost},
       {faults_.answer_lost, FaultKind::kAnswerLost},
       {faults_.delayed, FaultKind::kDelayed},
       {call.is_repeatable ? faults_.repeated : 0, FaultKind::kRepeated},
       {faults_.slow, FaultKind::kSlow}}};
  auto drawn = static_cast<int>(runtime_.random().Below(1'000));
  for (const auto& [chance, kind] : chances) {
    drawn -= chance;
    if (drawn >= 0) continue;
    Count(call, kind);
    return kind;
  }
  return FaultKind::kNone;
}

void SimNetwork::Count(const SimCall& call, FaultKind kind) {
  for (const std::string& step : call.steps) counts_.Add(kind, runtime_.step() + "/" + step);
}

Error SimNetwork::BreakOff(const SimCall& call, Deadline deadline) {
  SimRandom& random = runtime_.random();
  if (random.Chance(kBreaksLatePerThousand)) {
    const Duration patience = random.SomeTime(faults_.patience_most);
    runtime_.Sleep(std::min(deadline.Remaining(runtime_), patience));
  }
  if (call.is_commit) return OutcomeUnknown("nobody answered the commit");
  if (deadline.HasPassed(runtime_)) return DeadlineExceeded("nobody answered in time");
  return Unavailable("the connection broke");
}

void SimNetwork::Send(const SimCall& call, Duration delay, std::function<void()> serve) {
  const auto message = std::make_shared<SimMessage>();
  message->marks = call.marks;
  message->due_at = runtime_.Now() + delay;
  under_way_.push_back(message);
  runtime_.Launch(kWorld, "message", [this, message, delay, serve = std::move(serve)] {
    if (delay > Duration::zero()) runtime_.Sleep(delay);
    if (!message->is_cancelled) {
      message->has_begun = true;
      serve();
    }
    message->is_done = true;
    std::erase(under_way_, message);
  });
}

std::size_t SimNetwork::under_way_count() const {
  return under_way_.size();
}

void SimNetwork::AwaitQuiet() {
  while (!under_way_.empty()) {
    SteadyTime last = runtime_.Now();
    for (const auto& message : under_way_) last = std::max(last, message->due_at);
    runtime_.Sleep(last - runtime_.Now() + kPollPause);
  }
}

bool SimNetwork::Settle(const Uuid& mark, Deadline deadline) {
  SimRandom& random = runtime_.random();
  const std::vector<std::shared_ptr<SimMessage>> messages = under_way_;
  for (const auto& message : messages) {
    if (!Bears(*message, mark)) continue;
    if (!message->has_begun && random.Chance(kCannotTellPerThousand)) return false;
    if (!message->has_begun && random.Chance(kCancelPerThousand)) message->is_cancelled = true;
    while (!message->is_done && !message->is_cancelled) {
      if (deadline.HasPassed(runtime_)) return false;
      const Duration left = message->due_at - runtime_.Now();
      const Duration pause = std::max(left, Duration::zero()) + kPollPause;
      runtime_.Sleep(std::min(pause, deadline.Remaining(runtime_)));
    }
  }
  return true;
}

}  // namespace datastorage
