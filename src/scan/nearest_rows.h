// NearestRows: the best rows seen so far of a scan, at most a fixed number of them.
#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

#include "ports/vector_index.h"

namespace datastorage::scan {

class NearestRows {
 public:
  explicit NearestRows(std::size_t count_max) : count_max_(count_max) { hits_.reserve(count_max); }

  // False when a row of this score cannot enter, whatever its id: the cheap first question.
  bool MayEnter(float score) const {
    return hits_.size() < count_max_ || score >= hits_.front().score;
  }

  void Offer(const Neighbor& hit) {
    if (hits_.size() == count_max_) {
      if (!IsBetter(hit, hits_.front())) return;
      std::pop_heap(hits_.begin(), hits_.end(), IsBetter);
      hits_.pop_back();
    }
    hits_.push_back(hit);
    std::push_heap(hits_.begin(), hits_.end(), IsBetter);
  }

  // Best first.
  std::vector<Neighbor> Take() {
    std::sort_heap(hits_.begin(), hits_.end(), IsBetter);
    return std::move(hits_);
  }

 private:
  // Ties by id, so that the order does not depend on where rows happen to lie.
  static bool IsBetter(const Neighbor& a, const Neighbor& b) {
    return a.score != b.score ? a.score > b.score : a.id < b.id;
  }

  const std::size_t count_max_;
  std::vector<Neighbor> hits_;  // A heap with the worst on top.
};

}  // namespace datastorage::scan
