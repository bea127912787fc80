// PgvectorIndex: vectors in PostgreSQL's own tables, by pgvector. Beside the records, where each
// commit writes them too, or in a database of its own.
//
// Threads:   safe to call concurrently.
// Ownership: keeps references to the sessions and to the codes, which must outlive it.
#pragma once

#include <atomic>
#include <mutex>
#include <string>
#include <vector>

#include "ports/vector_index.h"
#include "postgres/segment_codes.h"
#include "postgres/sessions.h"
#include "postgres/vector_mark.h"
#include "postgres/vector_statements.h"

namespace datastorage::postgres {

class PgvectorIndex : public VectorIndex {
 public:
  struct Options {
    // The tables are in the database of the records: filters are decided by these. Else it is a
    // separate index, and decides none.
    bool joins_records = true;
    VectorWriteMode write_mode = VectorWriteMode::kDeferred;
    // The vector index is asked only where more rows than this may be nearest, and more than
    // 13 · √(all). Below, comparing with each of them is faster, and exact.
    std::int64_t exact_row_count_least = 1'000;
    // How many candidates a walk through a segment's graph keeps, at least: of one as it was built,
    // and of a merged one.
    int search_width_small = 20;
    int search_width_large = 150;
    // Segments in memory, which no graph is asked for. Null: none.
    const SegmentCodes* codes = nullptr;
  };

  // REQUIRES: the sessions' database passed CheckPgvector.
  PgvectorIndex(Sessions& sessions, const Options& options)
      : sessions_(sessions), options_(options) {}

  VectorIndexCapabilities Capabilities() const override;
  Result<std::vector<ApplyResult>> Apply(std::span<const VectorWrite> writes,
                                         Deadline deadline) override;
  Result<Neighbors> Nearest(const Embedding& query,
                            const Filter& filter,
                            int count_max,
                            Deadline deadline) override;
  Result<void> AwaitVisible(Deadline deadline) override;
  Result<std::vector<HeldPoint>> Scan(RecordId after,
                                      int limit,
                                      bool with_content,
                                      Deadline deadline) override;
  Result<Stamp> HighestStamp(Deadline deadline) override;
  Result<std::int64_t> PurgeTombstones(Stamp floor, Deadline deadline) override;
  Result<VectorSetId> Claim(VectorSetId set, Deadline deadline) override;
  // Exact up to 100,000 points; beyond, what the server believes. Asks the server.
  std::int64_t Size() const override;

 private:
  struct Round;
  struct Question;
  struct Group;

  Result<VectorMark> KnownTables(Deadline deadline);
  Result<VectorMark> Note(const Rows& rows);
  Result<Neighbors> Near(Question& question, const VectorMark& tables, Deadline deadline);
  bool WritesBody(const VectorMark& tables) const;
  Result<std::vector<ApplyResult>> ApplyInParts(const VectorMark& tables,
                                                std::span<const VectorWrite> writes,
                                                Deadline deadline);
  Result<std::vector<ApplyResult>> ApplyTo(const VectorMark& tables,
                                           std::span<const VectorWrite> writes,
                                           Deadline deadline);
  Result<Neighbors> Exact(Question& question,
                          std::int64_t row_count_max,
                          Deadline deadline,
                          bool& has_too_many);
  std::vector<Group> GroupsOf(const std::vector<BodySegment>& segments, int count_max) const;
  Result<Neighbors> ByCodes(Question& question, Deadline deadline);
  Result<Neighbors> Approximate(Question& question,
                                const CodedSegments& coded,
                                const std::vector<Candidate>& candidates,
                                Deadline deadline);

  Sessions& sessions_;
  const Options options_;
  std::atomic<VectorSetId> claimed_ = 0;
  mutable std::mutex mutex_;
  VectorMark tables_;  // As the last call that used them read it; its type is 0: not known yet.
  mutable std::atomic<std::int64_t> size_ = 0;
};

}  // namespace datastorage::postgres
