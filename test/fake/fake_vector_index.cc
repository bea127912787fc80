#include "fake/fake_vector_index.h"

namespace datastorage {

VectorIndexCapabilities FakeVectorIndex::Capabilities() const {
  VectorIndexCapabilities capabilities;
  capabilities.placement = placement_;
  capabilities.can_decide = &FakeCanDecide;
  return capabilities;
}

Result<std::vector<ApplyResult>> FakeVectorIndex::Apply(std::span<const VectorWrite> writes,
                                                        Deadline deadline) {
  const std::lock_guard lock(mutex_);
  if (deadline.HasPassed(clock_)) return DeadlineExceeded("apply vectors: no time left");
  std::vector<ApplyResult> results;
  for (const VectorWrite& write : writes) results.push_back(ApplyTo(points_, write));
  return results;
}

Result<Neighbors> FakeVectorIndex::Nearest(const Embedding& query,
                                           const Filter& filter,
                                           int count_max,
                                           Deadline deadline) {
  const std::lock_guard lock(mutex_);
  if (deadline.HasPassed(clock_)) return DeadlineExceeded("search vectors: no time left");
  return NearestOf(points_, query, filter, count_max);
}

Result<void> FakeVectorIndex::AwaitVisible(Deadline deadline) {
  if (deadline.HasPassed(clock_)) return DeadlineExceeded("await vectors: no time left");
  return {};
}

Result<std::vector<HeldPoint>> FakeVectorIndex::Scan(RecordId after,
                                                     int limit,
                                                     bool with_content,
                                                     Deadline deadline) {
  const std::lock_guard lock(mutex_);
  if (deadline.HasPassed(clock_)) return DeadlineExceeded("scan vectors: no time left");
  return PageOf(points_, after, limit, with_content);
}

Result<Stamp> FakeVectorIndex::HighestStamp(Deadline deadline) {
  const std::lock_guard lock(mutex_);
  if (deadline.HasPassed(clock_)) return DeadlineExceeded("read stamps: no time left");
  return HighestStampOf(points_);
}

Result<std::int64_t> FakeVectorIndex::PurgeTombstones(Stamp floor, Deadline deadline) {
  const std::lock_guard lock(mutex_);
  if (deadline.HasPassed(clock_)) return DeadlineExceeded("purge tombstones: no time left");
  return PurgeTombstonesOf(points_, floor);
}

Result<VectorSetId> FakeVectorIndex::Claim(VectorSetId set, Deadline deadline) {
  const std::lock_guard lock(mutex_);
  if (deadline.HasPassed(clock_)) return DeadlineExceeded("claim index: no time left");
  if (!claimed_by_.has_value()) claimed_by_ = set;
  return *claimed_by_;
}

std::int64_t FakeVectorIndex::Size() const {
  const std::lock_guard lock(mutex_);
  return LiveCountOf(points_);
}

FakePoints FakeVectorIndex::Points() const {
  const std::lock_guard lock(mutex_);
  return points_;
}

void FakeVectorIndex::Plant(const VectorWrite& write) {
  const std::lock_guard lock(mutex_);
  points_[write.id] = write;
}

void FakeVectorIndex::LoseAll() {
  const std::lock_guard lock(mutex_);
  points_.clear();
  claimed_by_.reset();
}

void FakeVectorIndex::Forget(RecordId id) {
  const std::lock_guard lock(mutex_);
  points_.erase(id);
}

}  // namespace datastorage
