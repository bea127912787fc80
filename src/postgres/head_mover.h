// HeadMover: brings vectors from the head into the body, whose vector index makes them costly,
// after their writers were answered. Any number of replicas may do so at once: each takes what no
// other has in hand.
//
// Threads:   a task of its own between Start and Stop; RunOnce may be called from anywhere.
// Ownership: keeps references to what it is given; all must outlive it.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "base/metrics.h"
#include "base/runtime.h"
#include "postgres/sessions.h"

namespace datastorage::postgres {

class HeadMover {
 public:
  struct Options {
    // A writer that replaces a vector waits for the batch that it is in.
    int batch_count = 16;
    // Over it, writers write into the body themselves until the head is smaller again.
    std::int64_t head_count_max = 10'000;
    Duration idle_pause = std::chrono::milliseconds(200);
  };

  HeadMover(Runtime& runtime, Sessions& sessions, Metrics& metrics, const Options& options);
  ~HeadMover();

  void Start();
  // Ends the task after the batch that it has in hand.
  void Stop();

  // Moves one batch; returns how many vectors. Errors: those of the sessions; then none or all of
  // the batch are moved.
  Result<int> RunOnce(Deadline deadline);

  // Counts the head, up to its bound, and tells writers whether it is full. Errors: as RunOnce.
  Result<std::int64_t> Measure(Deadline deadline);

 private:
  void Run();
  Duration RunRound();
  Duration RestAfter(Duration work) const;

  Runtime& runtime_;
  Sessions& sessions_;
  Metrics& metrics_;
  const Options options_;
  std::int64_t head_count_ = 0;  // Of the last measure, and of the one before.
  std::int64_t earlier_count_ = 0;
  std::optional<SteadyTime> measured_at_;
  Mutex mutex_;
  WaitQueue stopping_;
  bool is_stopping_ = false;
  std::unique_ptr<Task> task_;
};

}  // namespace datastorage::postgres
