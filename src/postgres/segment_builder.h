// SegmentBuilder: makes segments of pgvector's body: whole ones of vectors that wait in the head,
// and large ones of small ones. Each has an index that is built at once, which costs the server a
// fourth of what inserting its rows one by one would.
//
// Threads:   safe to call concurrently; of all replicas, one builds and one merges at a time.
// Ownership: keeps references to what it is given; all must outlive it.
#pragma once

#include <cstdint>
#include <mutex>
#include <set>

#include "base/metrics.h"
#include "postgres/sessions.h"
#include "postgres/vector_statements.h"

namespace datastorage::postgres {

class SegmentBuilder {
 public:
  struct Options {
    std::int64_t row_count = 8'192;               // Of a segment as it is built.
    int merge_count = 8;                          // So many of one size become one…
    std::int64_t merged_row_count_max = 131'072;  // …unless its build had no room in memory.
    // After it was merged, no search that still reads a segment is alive.
    std::chrono::seconds retired_age = std::chrono::minutes(5);
  };

  SegmentBuilder(Sessions& sessions, Metrics& metrics, const Options& options)
      : sessions_(sessions), metrics_(metrics), options_(options) {}

  // Moves what waits in the head, at most a segment of it, to a new segment. Returns how many
  // vectors; 0 also while another builds. A writer that replaces or drops one meanwhile wins.
  // Errors: those of the sessions; then none were moved. kUnavailable after Cancel.
  Result<std::int64_t> Build(Deadline deadline);

  // Makes one segment of several, where there are enough. Returns how many vectors it has, 0: none
  // was made. Errors: as Build.
  Result<std::int64_t> Merge(Deadline deadline);

  // Drops segments that were merged long ago. Returns how many. Errors: as Build.
  Result<std::int64_t> DropRetired(Deadline deadline);

  // Ends what is under way, soon; from here on nothing begins. To be called until all have
  // returned: what is just about to begin is missed.
  void Cancel();

 private:
  void CleanHead(Deadline deadline);
  Result<std::int64_t> Run(std::string_view doing, Call call, Deadline deadline);

  Sessions& sessions_;
  Metrics& metrics_;
  const Options options_;
  std::mutex mutex_;
  bool is_cancelled_ = false;
  std::set<std::int64_t> backends_;  // Of the server, that have something in hand.
};

}  // namespace datastorage::postgres
