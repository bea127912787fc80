// PgvectorIndex: vectors in PostgreSQL's own tables, by pgvector. Beside the records, where each
// commit writes them too, or in a database of its own.
//
// Threads:   safe to call concurrently.
// Ownership: keeps a reference to the sessions, which must outlive it.
#pragma once

#include <atomic>
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
  struct Tables {
    std::uint32_t vector_type = 0;
    bool is_head_full = false;
    std::int64_t body_byte_count = 0;
  };
  struct Round;
  struct Question;

  Result<Tables> KnownTables(Deadline deadline);
  Result<void> Note(const Rows& mark);
  Result<std::vector<ApplyResult>> ApplyTo(const Tables& tables,
                                           std::span<const VectorWrite> writes,
                                           Deadline deadline);
  Result<Neighbors> Exact(const Question& question,
                          std::int64_t row_count_max,
                          Deadline deadline,
                          bool& has_too_many);
  Result<Neighbors> ByGraph(const Question& question, Deadline deadline);

  Sessions& sessions_;
  const Options options_;
  std::atomic<VectorSetId> claimed_ = 0;
  std::atomic<std::uint32_t> vector_type_ = 0;  // 0: not known yet.
  std::atomic<bool> is_head_full_ = false;
  std::atomic<std::int64_t> body_byte_count_ = 0;
  mutable std::atomic<std::int64_t> size_ = 0;
};

}  // namespace datastorage::postgres
