#include "fake/fake_points.h"

#include <algorithm>
#include <cmath>

#include "base/check.h"
#include "base/limits.h"

namespace datastorage {
namespace {

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
  DS_CHECK(!is_leaf || FakeCanDecide(filter));
  for (const Filter& child : filter.children) CheckLeaves(child);
}

}  // namespace

bool FakeCanDecide(const Filter& leaf) {
  return leaf.op != FilterOp::kPath && leaf.member != Member::kVector &&
         !Describe(leaf.member).is_long_text;
}

ApplyResult ApplyTo(FakePoints& points, const VectorWrite& write) {
  const auto found = points.find(write.id);
  const Stamp held = found != points.end() ? found->second.stamp : 0;
  if (found != points.end() && held == write.stamp) return {ApplyStatus::kApplied, held};
  if (found != points.end() && held > write.stamp) return {ApplyStatus::kSuperseded, held};
  if (write.embedding.has_value() && (!IsUnit(*write.embedding) || !NamesItsId(write))) {
    return {ApplyStatus::kRefused, held};
  }
  points.insert_or_assign(write.id, write);
  return {ApplyStatus::kApplied, write.stamp};
}

Neighbors NearestOf(const FakePoints& points,
                    const Embedding& query,
                    const Filter& filter,
                    int count_max) {
  DS_CHECK(count_max > 0 && count_max <= limits::kSearchCandidateCountMax);
  CheckLeaves(filter);
  Neighbors found;
  for (const auto& [id, point] : points) {
    if (!point.embedding.has_value() || !Matches(filter, point.members)) continue;
    found.hits.push_back({id, point.stamp, Cosine(query, *point.embedding)});
  }
  std::sort(found.hits.begin(), found.hits.end(), [](const Neighbor& a, const Neighbor& b) {
    return a.score > b.score || (a.score == b.score && a.id < b.id);
  });
  found.is_exhausted = found.hits.size() < static_cast<std::size_t>(count_max);
  if (!found.is_exhausted) found.hits.resize(static_cast<std::size_t>(count_max));
  found.score_error = 1e-5F;
  return found;
}

std::vector<HeldPoint> PageOf(const FakePoints& points,
                              RecordId after,
                              int limit,
                              bool with_content) {
  DS_CHECK(limit > 0 && static_cast<std::size_t>(limit) <= limits::kScanPageCountMax);
  std::vector<HeldPoint> page;
  for (auto held = points.upper_bound(after);
       held != points.end() && page.size() < static_cast<std::size_t>(limit);
       ++held) {
    const VectorWrite& write = held->second;
    page.push_back({write.id, write.stamp, !write.embedding.has_value(), {}, 0, {}});
    if (!with_content || !write.embedding.has_value()) continue;
    page.back().embedding = write.embedding;
    page.back().members = write.members;
  }
  return page;
}

Stamp HighestStampOf(const FakePoints& points) {
  Stamp highest = 0;
  for (const auto& [id, write] : points) highest = std::max(highest, write.stamp);
  return highest;
}

std::int64_t PurgeTombstonesOf(FakePoints& points, Stamp floor) {
  const std::size_t count = std::erase_if(points, [floor](const auto& entry) {
    return !entry.second.embedding.has_value() && entry.second.stamp < floor;
  });
  return static_cast<std::int64_t>(count);
}

std::int64_t LiveCountOf(const FakePoints& points) {
  return std::count_if(points.begin(), points.end(), [](const auto& entry) {
    return entry.second.embedding.has_value();
  });
}

}  // namespace datastorage
