#include "postgres/head_mover.h"

#include "base/log.h"
#include "postgres/vector_statements.h"

namespace datastorage::postgres {
namespace {

constexpr Duration kMeasurePause = std::chrono::milliseconds(500);
constexpr Duration kRoundTimeout = std::chrono::seconds(10);
// Of the largest segment on a busy machine.
constexpr Duration kBuildTimeout = std::chrono::minutes(20);
constexpr Duration kRetryPause = std::chrono::seconds(1);
constexpr Duration kCancelPause = std::chrono::milliseconds(100);

}  // namespace

HeadMover::HeadMover(Runtime& runtime, Sessions& sessions, Metrics& metrics, const Options& options)
    : runtime_(runtime),
      sessions_(sessions),
      metrics_(metrics),
      options_(options),
      builder_(sessions, metrics, options.segments),
      policy_({options.segments.row_count,
               options.head_count_max,
               options.segment_count_max,
               options.rest}),
      mutex_(runtime),
      changed_(runtime) {}

HeadMover::~HeadMover() {
  Stop();
}

void HeadMover::Start() {
  running_count_ = 2;
  tasks_.push_back(runtime_.Spawn("head-mover", [this] { Run(&HeadMover::MoveRound); }));
  tasks_.push_back(runtime_.Spawn("segment-merger", [this] { Run(&HeadMover::MergeRound); }));
}

void HeadMover::Stop() {
  {
    const MutexLock lock(mutex_);
    is_stopping_ = true;
  }
  changed_.NotifyAll();
  for (;;) {
    builder_.Cancel();
    const MutexLock lock(mutex_);
    if (running_count_ == 0) break;
    changed_.Wait(mutex_, Deadline::In(kCancelPause, runtime_));
    if (running_count_ == 0) break;
  }
  tasks_.clear();
}

void HeadMover::Run(Duration (HeadMover::*round)()) {
  for (;;) {
    const Deadline rest = Deadline::In((this->*round)(), runtime_);
    const MutexLock lock(mutex_);
    while (!is_stopping_ && !rest.HasPassed(runtime_)) changed_.Wait(mutex_, rest);
    if (!is_stopping_) continue;
    --running_count_;
    break;
  }
  changed_.NotifyAll();
}

// Returns how long to rest.
Duration HeadMover::MoveRound() {
  const Result<std::int64_t> moved = Work();
  if (moved.has_value()) {
    has_failed_ = false;
    return *moved > 0 ? Duration{0} : options_.idle_pause;
  }
  SayOnce("moving new vectors into their index failed; trying again", moved.error().code);
  return kRetryPause;
}

// Not at the end, nor each second while the server is away.
void HeadMover::SayOnce(std::string_view what, ErrorCode code) {
  const MutexLock lock(mutex_);
  if (is_stopping_ || has_failed_.exchange(true)) return;
  Log(LogLevel::kWarning, what, {{"code", NameOf(code)}});
}

Result<std::int64_t> HeadMover::Work() {
  const SteadyTime begin = runtime_.Now();
  const Deadline deadline = Deadline::In(kRoundTimeout, runtime_);
  if (!measured_at_.has_value() || begin - *measured_at_ >= kMeasurePause) {
    DS_RETURN_IF_ERROR(Measure(deadline));
  }
  switch (policy_.Next(begin)) {
    case HeadWork::kNothing: return 0;
    case HeadWork::kMove: {
      DS_ASSIGN_OR_RETURN(const int moved, RunOnce(deadline));
      policy_.NoteMoved(moved);
      return moved;
    }
    case HeadWork::kBuild: break;
  }
  DS_ASSIGN_OR_RETURN(const std::int64_t moved,
                      builder_.Build(Deadline::In(kBuildTimeout, runtime_)));
  policy_.NoteMoved(moved);
  measured_at_.reset();
  return moved;
}

Duration HeadMover::MergeRound() {
  const Result<std::int64_t> merged =
      may_merge_ ? builder_.Merge(Deadline::In(kBuildTimeout, runtime_)) : 0;
  if (merged.has_value() && *merged > 0) return Duration{0};
  const Result<std::int64_t> dropped =
      merged.has_value() ? builder_.DropRetired(Deadline::In(kRoundTimeout, runtime_)) : merged;
  if (dropped.has_value()) return options_.merge_pause;
  SayOnce("merging segments of vectors failed; trying again", dropped.error().code);
  return options_.merge_pause;
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
  const std::int64_t count = rows.front().Integer(0, 0);
  metrics_.Set(Metric::kVectorHeadRows, static_cast<double>(count));
  metrics_.Set(Metric::kVectorSegments, static_cast<double>(rows.front().Integer(0, 1)));
  measured_at_ = runtime_.Now();
  policy_.NoteCount(count, *measured_at_);
  may_merge_ = policy_.MayMerge(rows.front().Integer(0, 1), *measured_at_);
  return count;
}

}  // namespace datastorage::postgres
