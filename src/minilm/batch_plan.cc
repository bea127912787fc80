#include "minilm/batch_plan.h"

#include <algorithm>
#include <bit>
#include <numeric>

namespace datastorage {
namespace {

constexpr std::size_t kLengthStep = 8;

std::size_t PaddedLength(std::size_t length) {
  return (length + kLengthStep - 1) / kLengthStep * kLengthStep;
}

}  // namespace

std::vector<TextBatch> PlanBatches(std::span<const std::size_t> lengths) {
  std::vector<std::size_t> order(lengths.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  // Stable, so that equal calls make equal batches.
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return lengths[a] > lengths[b];
  });
  std::vector<TextBatch> batches;
  for (auto begin = order.begin(); begin != order.end();) {
    const std::size_t padded = PaddedLength(lengths[*begin]);
    const auto end = std::find_if(begin, order.end(), [&](std::size_t index) {
      return PaddedLength(lengths[index]) != padded;
    });
    const auto alike = static_cast<std::size_t>(end - begin);
    const std::size_t most =
        std::max<std::size_t>(kBatchTokenCountMax / std::max<std::size_t>(padded, 1), 1);
    const auto size = static_cast<std::ptrdiff_t>(std::bit_floor(std::min(alike, most)));
    batches.push_back({padded, std::vector<std::size_t>(begin, begin + size)});
    begin += size;
  }
  return batches;
}

}  // namespace datastorage
