// FakeVectorIndex: the VectorIndex in its simplest form, FakePoints behind a lock. Proven faithful
// by test/contract/vector_index_contract.h.
//
// Threads:     safe to call concurrently, by one mutex that is never held across a wait.
// Ownership:   keeps a reference to `clock`.
#pragma once

#include <mutex>
#include <optional>

#include "fake/fake_points.h"

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
  Result<void> AwaitVisible(Deadline deadline) override;
  Result<std::vector<HeldPoint>> Scan(RecordId after,
                                      int limit,
                                      bool with_content,
                                      Deadline deadline) override;
  Result<Stamp> HighestStamp(Deadline deadline) override;
  Result<std::int64_t> PurgeTombstones(Stamp floor, Deadline deadline) override;
  Result<VectorSetId> Claim(VectorSetId set, Deadline deadline) override;
  std::int64_t Size() const override;

  // What is held, tombstones included, for checkers of invariants.
  FakePoints Points() const;
  // Holds it from now on, whatever was held before; and holds nothing any more.
  void Plant(const VectorWrite& write);
  void Forget(RecordId id);
  // Is as new: holds nothing, not even a mark.
  void LoseAll();

 private:
  const Placement placement_;
  const Clock& clock_;
  mutable std::mutex mutex_;
  FakePoints points_;
  std::optional<VectorSetId> claimed_by_;
};

}  // namespace datastorage
