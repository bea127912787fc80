// BatchedVectorIndex: a vector index whose small applies are gathered: those that come while a call
// is under way go together in the next one. One call costs a server little more for thirty writes
// than for one.
//
// Whoever comes when there is room makes the call, for the others as well: with a single writer
// nothing waits. Everything but Apply goes through.
//
// Threads:   safe to call concurrently.
// Ownership: keeps a reference to the index, which must outlive it.
#pragma once

#include <deque>
#include <memory>

#include "base/runtime.h"
#include "ports/vector_index.h"

namespace datastorage {

class BatchedVectorIndex final : public VectorIndex {
 public:
  BatchedVectorIndex(Runtime& runtime, VectorIndex& index)
      : index_(index), mutex_(runtime), changed_(runtime) {}

  // As the port says. Of a write that is given up at its deadline it is not known whether it was
  // applied. What fails for the sake of one caller's writes, or by its deadline, fails for that
  // caller only.
  Result<std::vector<ApplyResult>> Apply(std::span<const VectorWrite> writes,
                                         Deadline deadline) override;

  VectorIndexCapabilities Capabilities() const override { return index_.Capabilities(); }
  Result<Neighbors> Nearest(const Embedding& query,
                            const Filter& filter,
                            int count_max,
                            Deadline deadline) override {
    return index_.Nearest(query, filter, count_max, deadline);
  }
  Result<void> AwaitVisible(Deadline deadline) override { return index_.AwaitVisible(deadline); }
  Result<std::vector<HeldPoint>> Scan(RecordId after,
                                      int limit,
                                      bool with_content,
                                      Deadline deadline) override {
    return index_.Scan(after, limit, with_content, deadline);
  }
  Result<Stamp> HighestStamp(Deadline deadline) override { return index_.HighestStamp(deadline); }
  Result<std::int64_t> PurgeTombstones(Stamp floor, Deadline deadline) override {
    return index_.PurgeTombstones(floor, deadline);
  }
  Result<VectorSetId> Claim(VectorSetId set, Deadline deadline) override {
    return index_.Claim(set, deadline);
  }
  std::int64_t Size() const override { return index_.Size(); }

 private:
  struct Item;
  using ItemPointer = std::shared_ptr<Item>;

  bool AwaitTurn(const ItemPointer& own);
  std::vector<ItemPointer> TakeBatch(const ItemPointer& own);
  void ApplyBatch(const std::vector<ItemPointer>& batch, Deadline deadline);
  void PutBack(const std::vector<ItemPointer>& batch, bool go_alone);
  void Answer(const std::vector<ItemPointer>& batch, Result<std::vector<ApplyResult>> results);

  VectorIndex& index_;
  Mutex mutex_;
  WaitQueue changed_;
  std::deque<ItemPointer> queue_;  // Nobody applies them yet. Bounded by its callers.
  int call_count_ = 0;             // Under way.
};

}  // namespace datastorage
