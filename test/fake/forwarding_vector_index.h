// ForwardingVectorIndex: a fake vector index as it is, by default on "another server". Tests that
// change one method derive from it.
#pragma once

#include "fake/fake_vector_index.h"

namespace datastorage {

class ForwardingVectorIndex : public VectorIndex {
 public:
  explicit ForwardingVectorIndex(Placement placement = Placement::kSeparate) : inner(placement) {}

  VectorIndexCapabilities Capabilities() const override { return inner.Capabilities(); }
  Result<std::vector<ApplyResult>> Apply(std::span<const VectorWrite> writes,
                                         Deadline deadline) override {
    return inner.Apply(writes, deadline);
  }
  Result<Neighbors> Nearest(const Embedding& query,
                            const Filter& filter,
                            int count_max,
                            Deadline deadline) override {
    return inner.Nearest(query, filter, count_max, deadline);
  }
  Result<void> AwaitVisible(Deadline deadline) override { return inner.AwaitVisible(deadline); }
  Result<std::vector<HeldPoint>> Scan(RecordId after,
                                      int limit,
                                      bool with_content,
                                      Deadline deadline) override {
    return inner.Scan(after, limit, with_content, deadline);
  }
  Result<Stamp> HighestStamp(Deadline deadline) override { return inner.HighestStamp(deadline); }
  Result<std::int64_t> PurgeTombstones(Stamp floor, Deadline deadline) override {
    return inner.PurgeTombstones(floor, deadline);
  }
  Result<VectorSetId> Claim(VectorSetId set, Deadline deadline) override {
    return inner.Claim(set, deadline);
  }
  std::int64_t Size() const override { return inner.Size(); }

  FakeVectorIndex inner;
};

}  // namespace datastorage
