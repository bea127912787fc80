#include "minilm/batch_plan.h"

#include <algorithm>
#include <numeric>

namespace datastorage {

std::vector<std::vector<std::size_t>> PlanBatches(std::span<const std::size_t> lengths) {
  std::vector<std::size_t> order(lengths.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  // Stable, so that equal calls make equal batches.
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return lengths[a] > lengths[b];
  });
  std::vector<std::vector<std::size_t>> batches;
  for (const std::size_t index : order) {
    const auto joins = [&](const std::vector<std::size_t>& batch) {
      const std::size_t longest = lengths[batch.front()];
      return (batch.size() + 1) * longest <= kBatchTokenCountMax &&
             lengths[index] >= longest - longest / 8;
    };
    if (batches.empty() || !joins(batches.back())) batches.emplace_back();
    batches.back().push_back(index);
  }
  return batches;
}

}  // namespace datastorage
