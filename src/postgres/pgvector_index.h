// PgvectorIndex: vectors in PostgreSQL's own tables, by pgvector. Beside the records, where each
// commit writes them too, or in a database of its own.
//
// Threads:   safe to call concurrently.
// Ownership: keeps a reference to the sessions, which must outlive it.
#pragma once

#include <atomic>
#include <mutex>
#include <string>
#include <vector>

#include "ports/vector_index.h"
#include "postgres/sessions.h"
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
  // What was read of the tables by the last call that used them.
  struct Segment {
    std::int64_t number = 0;
    std::int64_t row_count = 0;
  };
  struct Tables {
    std::uint32_t vector_type = 0;
    bool is_head_full = false;
    std::vector<Segment> segments;  // Of the body, by rising numbers.
  };
  static std::vector<Segment> SegmentsOf(std::string_view text);
  struct Round;
  struct Question;
  struct Group;

  Result<Tables> KnownTables(Deadline deadline);
  Result<Tables> Note(const Rows& mark);
  Result<Neighbors> Near(Question& question, const Tables& tables, Deadline deadline);
  bool WritesBody(const Tables& tables) const;
  Result<std::vector<ApplyResult>> ApplyInParts(const Tables& tables,
                                                std::span<const VectorWrite> writes,
                                                Deadline deadline);
  Result<std::vector<ApplyResult>> ApplyTo(const Tables& tables,
                                           std::span<const VectorWrite> writes,
                                           Deadline deadline);
  Result<Neighbors> Exact(Question& question,
                          std::int64_t row_count_max,
                          Deadline deadline,
                          bool& has_too_many);
  std::vector<Group> GroupsOf(const Question& question) const;
  Result<Neighbors> ByGraph(Question& question, Deadline deadline);

  Sessions& sessions_;
  const Options options_;
  std::atomic<VectorSetId> claimed_ = 0;
  mutable std::mutex mutex_;
  Tables tables_;  // Its type is 0: not known yet.
  mutable std::atomic<std::int64_t> size_ = 0;
};

}  // namespace datastorage::postgres
