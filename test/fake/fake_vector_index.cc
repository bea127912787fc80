#include "fake/fake_vector_index.h"

#include <algorithm>
#include <cmath>

#include "base/check.h"
#include "base/limits.h"

namespace datastorage {
namespace {

// Like an index that keeps no long texts and no metadata, so that callers must widen.
bool CanDecide(const Filter& leaf) {
  return leaf.op != FilterOp::kPath && leaf.member != Member::kVector &&
         !Describe(leaf.member).is_long_text;
}

double Product(const Embedding& a, const Embedding& b) {
  double sum = 0;
  for (std::size_t d = 0; d < a.size(); ++d) sum += double{a[d]} * double{b[d]};
  return sum;
}

float Cosine(const Embedding& a, const Embedding& b) {
  return static_cast<float>(Product(a, b) / std::sqrt(Product(a, a) * Product(b, b)));
}

bool NamesItsId(const VectorWrite& write) {
  const MemberValue* id = write.members.Find(Member::kId);
  return id == nullptr || *id == MemberValue(write.id.ToString());
}

void CheckLeaves(const Filter& filter) {
  const bool is_leaf =
      filter.op != FilterOp::kAnd && filter.op != FilterOp::kOr && filter.op != FilterOp::kNot;
  DS_CHECK(!is_leaf || CanDecide(filter));
  for (const Filter& child : filter.children) CheckLeaves(child);
}

}  // namespace

VectorIndexCapabilities FakeVectorIndex::Capabilities() const {
  VectorIndexCapabilities capabilities;
  capabilities.placement = placement_;
  capabilities.can_decide = &CanDecide;
  return capabilities;
}

Result<std::vector<ApplyResult>> FakeVectorIndex::Apply(std::span<const VectorWrite> writes,
                                                        Deadline deadline) {
  const std::lock_guard lock(mutex_);
  if (deadline.HasPassed(clock_)) return DeadlineExceeded("apply vectors: no time left");
  std::vector<ApplyResult> results;
  for (const VectorWrite& write : writes) results.push_back(ApplyOne(write));
  return results;
}

ApplyResult FakeVectorIndex::ApplyOne(const VectorWrite& write) {
  const auto found = points_.find(write.id);
  const Stamp held = found != points_.end() ? found->second.stamp : 0;
  if (found != points_.end() && held == write.stamp) return {ApplyStatus::kApplied, held};
  if (found != points_.end() && held > write.stamp) return {ApplyStatus::kSuperseded, held};
  if (write.embedding.has_value() && (!IsUnit(*write.embedding) || !NamesItsId(write))) {
    return {ApplyStatus::kRefused, held};
  }
  points_.insert_or_assign(write.id, write);
  return {ApplyStatus::kApplied, write.stamp};
}

Result<Neighbors> FakeVectorIndex::Nearest(const Embedding& query,
                                           const Filter& filter,
                                           int count_max,
                                           Deadline deadline) {
  DS_CHECK(count_max > 0 && count_max <= limits::kSearchCandidateCountMax);
  CheckLeaves(filter);
  const std::lock_guard lock(mutex_);
  if (deadline.HasPassed(clock_)) return DeadlineExceeded("search vectors: no time left");
  Neighbors found;
  for (const auto& [id, point] : points_) {
    if (!point.embedding.has_value() || !Matches(filter, point.members)) continue;
    found.hits.push_back({id, point.stamp, Cosine(query, *point.embedding)});
  }
  // Stable: ties stay in the order of ids.
  std::stable_sort(found.hits.begin(), found.hits.end(), [](const Neighbor& a, const Neighbor& b) {
    return a.score > b.score;
  });
  found.is_exhausted = found.hits.size() < static_cast<std::size_t>(count_max);
  if (!found.is_exhausted) found.hits.resize(static_cast<std::size_t>(count_max));
  found.score_error = 1e-5F;
  return found;
}

std::int64_t FakeVectorIndex::Size() const {
  const std::lock_guard lock(mutex_);
  return std::count_if(points_.begin(), points_.end(), [](const auto& entry) {
    return entry.second.embedding.has_value();
  });
}

std::map<RecordId, VectorWrite> FakeVectorIndex::Points() const {
  const std::lock_guard lock(mutex_);
  return points_;
}

}  // namespace datastorage
