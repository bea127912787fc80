// FakeVectorIndex: the VectorIndex in its simplest form: a map, exact cosines by brute force,
// Matches() for filters. Proven faithful by test/contract/vector_index_contract.h.
//
// Threads:     safe to call concurrently, by one mutex that is never held across a wait.
// Ownership:   keeps a reference to `clock`.
#pragma once

#include <map>
#include <mutex>

#include "ports/vector_index.h"

namespace datastorage {

class FakeVectorIndex final : public VectorIndex {
 public:
  explicit FakeVectorIndex(Placement placement = Placement::kInProcess,
                           const Clock& clock = SystemClock())
      : placement_(placement), clock_(clock) {}

  VectorIndexCapabilities Capabilities() const override;
  Result<std::vector<ApplyResult>> Apply(std::span<const VectorWrite> writes,
                                         Deadline deadline) override;
  Result<Neighbors> Nearest(const Embedding& query,
                            const Filter& filter,
                            int count_max,
                            Deadline deadline) override;
  std::int64_t Size() const override;

  // What is held, tombstones included, for checkers of invariants.
  std::map<RecordId, VectorWrite> Points() const;

 private:
  ApplyResult ApplyOne(const VectorWrite& write);

  const Placement placement_;
  const Clock& clock_;
  mutable std::mutex mutex_;
  std::map<RecordId, VectorWrite> points_;  // The last write of each id.
};

}  // namespace datastorage
