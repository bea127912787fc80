// SegmentLoader: reads the segments of pgvector's body into memory as codes, after they were built,
// one at a time.
//
// Threads:   a task of its own between Start and Stop; LoadOne may be called while there is none.
// Ownership: keeps references to what it is given; all must outlive it.
#pragma once

#include <atomic>
#include <memory>

#include "base/metrics.h"
#include "base/runtime.h"
#include "postgres/segment_codes.h"
#include "postgres/sessions.h"

namespace datastorage::postgres {

class SegmentLoader {
 public:
  struct Options {
    int page_row_count = 2'000;
    Duration page_timeout = std::chrono::seconds(10);
    Duration pause = std::chrono::seconds(1);
  };

  SegmentLoader(Runtime& runtime,
                Sessions& sessions,
                SegmentCodes& codes,
                Metrics& metrics,
                const Options& options);
  ~SegmentLoader();

  void Start();
  // Final.
  void Stop();

  // Lets go of the segments that are gone and reads one that is missing. Returns whether there was
  // one, also if it went away meanwhile. Errors: those of the sessions; then nothing was added.
  Result<bool> LoadOne();

 private:
  void Run();
  bool IsStopping();

  Runtime& runtime_;
  Sessions& sessions_;
  SegmentCodes& codes_;
  Metrics& metrics_;
  const Options options_;
  Mutex mutex_;
  WaitQueue changed_;
  bool is_stopping_ = false;
  bool has_failed_ = false;  // The server is away: said once.
  std::unique_ptr<Task> task_;
};

}  // namespace datastorage::postgres
