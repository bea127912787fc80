// The fixture of what every VectorIndex promises; the promises are in
// vector_index_contract_test.cc, which names the factory of each implementation.
#pragma once

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <map>
#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include "ports/vector_index.h"
#include "support/random_points.h"

namespace datastorage {

// Makes an empty index with room for 1,000 points.
struct VectorIndexFactory {
  std::string name;
  std::function<std::unique_ptr<VectorIndex>()> make;
  Stamp update_count = 3'000;  // Of each writer beside readers: fewer where each is a request.

  friend void PrintTo(const VectorIndexFactory& factory, std::ostream* out) {
    *out << factory.name;
  }
};

inline bool operator==(const ApplyResult& a, const ApplyResult& b) {
  return a.status == b.status && a.held_stamp == b.held_stamp;
}

inline double CosineOf(const Embedding& a, const Embedding& b) {
  double ab = 0, aa = 0, bb = 0;
  for (std::size_t d = 0; d < a.size(); ++d) {
    ab += double{a[d]} * double{b[d]};
    aa += double{a[d]} * double{a[d]};
    bb += double{b[d]} * double{b[d]};
  }
  return ab / std::sqrt(aa * bb);
}

class VectorIndexContract : public testing::TestWithParam<VectorIndexFactory> {
 protected:
  std::vector<ApplyResult> Apply(const std::vector<VectorWrite>& writes) {
    auto results = index_->Apply(writes, Deadline::Never());
    EXPECT_TRUE(results.has_value());
    return results.has_value() ? *results : std::vector<ApplyResult>(writes.size());
  }
  Neighbors Nearest(const Embedding& query, const Filter& filter = {}, int count_max = 1'000) {
    EXPECT_TRUE(index_->AwaitVisible(Deadline::Never()).has_value());
    auto found = index_->Nearest(query, filter, count_max, Deadline::Never());
    EXPECT_TRUE(found.has_value());
    return found.has_value() ? *found : Neighbors{};
  }
  // (id, stamp) of all points that pass, by id.
  std::map<RecordId, Stamp> Listed(const Filter& filter = {}) {
    const Neighbors found = Nearest(random_.Unit(), filter);
    EXPECT_TRUE(found.is_exhausted);
    std::map<RecordId, Stamp> listed;
    for (const Neighbor& hit : found.hits) {
      EXPECT_TRUE(listed.emplace(hit.id, hit.stamp).second) << "listed twice";
    }
    return listed;
  }
  std::vector<VectorWrite> Points(std::size_t count) {
    std::vector<VectorWrite> writes;
    for (std::size_t i = 0; i < count; ++i) {
      writes.push_back(random_.Point(static_cast<Stamp>(i) + 1));
    }
    return writes;
  }
  // All that is held, page by page; `after` each page's last id.
  std::vector<HeldPoint> Scanned(int limit, bool with_content) {
    std::vector<HeldPoint> points;
    RecordId after;
    while (true) {
      const auto page = index_->Scan(after, limit, with_content, Deadline::Never());
      EXPECT_TRUE(page.has_value());
      if (!page.has_value() || page->empty()) return points;
      EXPECT_LE(page->size(), static_cast<std::size_t>(limit));
      points.insert(points.end(), page->begin(), page->end());
      after = page->back().id;
    }
  }
  // An index that decides no filter keeps no members.
  bool DecidesMembers() const {
    return index_->Capabilities().can_decide(Filter::Equals(Member::kVersion, std::int64_t{1}));
  }
  // What Scan promises to give back of a point's members.
  FilterMembers Kept(const FilterMembers& members) {
    FilterMembers kept;
    for (const auto& [member, value] : members.values) {
      const bool is_kept = index_->Capabilities().can_decide(Filter::AnyOf(member, {value}));
      if (is_kept) kept.values.emplace_back(member, value);
    }
    return kept;
  }
  static VectorWrite Tombstone(RecordId id, Stamp stamp) { return {id, stamp, std::nullopt, {}}; }

  std::unique_ptr<VectorIndex> index_ = GetParam().make();
  RandomPoints random_{7};
};

}  // namespace datastorage
