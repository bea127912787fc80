// HeadMover: brings vectors from the head into the body, whose vector index makes them costly,
// after their writers were answered: a segment at a time while many come, and at rest what is left.
// Any number of replicas may do so at once: each takes what no other has in hand.
//
// Threads:   two tasks of its own between Start and Stop; RunOnce may be called from anywhere,
//            Measure by one caller while there are none.
// Ownership: keeps references to what it is given; all must outlive it.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "base/metrics.h"
#include "base/runtime.h"
#include "postgres/head_policy.h"
#include "postgres/segment_builder.h"
#include "postgres/sessions.h"

namespace datastorage::postgres {

class HeadMover {
 public:
  struct Options {
    // A writer that replaces a vector waits for the batch that it is in.
    int batch_count = 16;
    // Over it, writers write into the body themselves until the head is smaller again.
    std::int64_t head_count_max = 32'768;
    Duration rest = std::chrono::seconds(10);  // HeadPolicy::Options.
    SegmentBuilder::Options segments{};
    Duration idle_pause = std::chrono::milliseconds(200);
    Duration merge_pause = std::chrono::seconds(10);
    // Merging costs as much again as building did, so it waits for a rest until there are so many.
    std::int64_t segment_count_max = 16;
  };

  HeadMover(Runtime& runtime, Sessions& sessions, Metrics& metrics, const Options& options);
  ~HeadMover();

  void Start();
  // Ends what is in hand, and the tasks. Final.
  void Stop();

  // Moves one batch row by row; returns how many vectors. Errors: those of the sessions; then none
  // or all of the batch are moved.
  Result<int> RunOnce(Deadline deadline);

  // Counts the head, up to its bound, and tells writers whether it is full. Errors: as RunOnce.
  Result<std::int64_t> Measure(Deadline deadline);

 private:
  void Run(Duration (HeadMover::*round)());
  void SayOnce(std::string_view what, ErrorCode code);
  Duration MoveRound();
  Duration MergeRound();
  Result<std::int64_t> Work();

  Runtime& runtime_;
  Sessions& sessions_;
  Metrics& metrics_;
  const Options options_;
  SegmentBuilder builder_;
  HeadPolicy policy_;
  std::optional<SteadyTime> measured_at_;
  std::atomic<bool> has_failed_ = false;  // The server is away: said once.
  std::atomic<bool> may_merge_ = false;
  Mutex mutex_;
  WaitQueue changed_;
  bool is_stopping_ = false;
  int running_count_ = 0;
  std::vector<std::unique_ptr<Task>> tasks_;
};

}  // namespace datastorage::postgres
