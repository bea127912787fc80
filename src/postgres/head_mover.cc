#include "postgres/head_mover.h"

#include "base/log.h"
#include "postgres/vector_statements.h"

namespace datastorage::postgres {
namespace {

constexpr Duration kMeasurePause = std::chrono::milliseconds(200);
constexpr Duration kRoundTimeout = std::chrono::seconds(10);
constexpr Duration kRetryPause = std::chrono::seconds(1);
// While a burst fills the head, moving gets one part in so many of a session's time.
constexpr int kBurstShare = 5;

}  // namespace

HeadMover::HeadMover(Runtime& runtime, Sessions& sessions, Metrics& metrics, const Options& options)
    : runtime_(runtime),
      sessions_(sessions),
      metrics_(metrics),
      options_(options),
      mutex_(runtime),
      stopping_(runtime) {}

HeadMover::~HeadMover() {
  Stop();
}

void HeadMover::Start() {
  task_ = runtime_.Spawn("head-mover", [this] { Run(); });
}

void HeadMover::Stop() {
  {
    const MutexLock lock(mutex_);
    is_stopping_ = true;
  }
  stopping_.NotifyAll();
  task_.reset();
}

void HeadMover::Run() {
  for (;;) {
    const Deadline rest = Deadline::In(RunRound(), runtime_);
    const MutexLock lock(mutex_);
    while (!is_stopping_ && !rest.HasPassed(runtime_)) stopping_.Wait(mutex_, rest);
    if (is_stopping_) return;
  }
}

// Returns how long to rest.
Duration HeadMover::RunRound() {
  const SteadyTime begin = runtime_.Now();
  const Deadline deadline = Deadline::In(kRoundTimeout, runtime_);
  Result<void> measured;
  if (!measured_at_.has_value() || begin - *measured_at_ >= kMeasurePause) {
    const Result<std::int64_t> count = Measure(deadline);
    if (!count.has_value()) measured = count.error();
  }
  const SteadyTime middle = runtime_.Now();
  const Result<int> moved =
      measured.has_value() ? RunOnce(deadline) : Result<int>(measured.error());
  if (!moved.has_value()) {
    Log(LogLevel::kWarning,
        "moving new vectors into their index failed; trying again",
        {{"code", NameOf(moved.error().code)}});
    return kRetryPause;
  }
  if (*moved == 0) return options_.idle_pause;
  return RestAfter(runtime_.Now() - middle);
}

// What is deferred is done when the burst is over, or the head half full.
Duration HeadMover::RestAfter(Duration work) const {
  const bool is_burst = head_count_ > earlier_count_ && head_count_ < options_.head_count_max / 2;
  return is_burst ? work * (kBurstShare - 1) : Duration{0};
}

Result<int> HeadMover::RunOnce(Deadline deadline) {
  std::vector<Call> calls{Unprepared(VectorQuery::kMoveHead)};
  calls.back().parameters.Add(options_.batch_count);
  DS_ASSIGN_OR_RETURN(
      const std::vector<Rows> rows,
      sessions_.Write("move new vectors", calls, Sessions::Durability::kNothing, deadline));
  const auto moved = static_cast<int>(rows.front().changed_count());
  metrics_.Count(Metric::kVectorHeadMoved, {}, moved);
  return moved;
}

Result<std::int64_t> HeadMover::Measure(Deadline deadline) {
  std::vector<Call> calls{Unprepared(VectorQuery::kMeasureHead)};
  calls.back().parameters.Add(options_.head_count_max);
  DS_ASSIGN_OR_RETURN(
      const std::vector<Rows> rows,
      sessions_.Write("count new vectors", calls, Sessions::Durability::kNothing, deadline));
  earlier_count_ = head_count_;
  head_count_ = rows.front().Integer(0, 0);
  metrics_.Set(Metric::kVectorHeadRows, static_cast<double>(head_count_));
  measured_at_ = runtime_.Now();
  return head_count_;
}

}  // namespace datastorage::postgres
