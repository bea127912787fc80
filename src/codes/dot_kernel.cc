// This file is compiled once per instruction set: foreach_target.h includes it again with other
// compiler targets, and HWY_DYNAMIC_DISPATCH picks the best one the processor has.
#include "codes/dot_kernel.h"

#include "domain/embedding.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "codes/dot_kernel.cc"
#include <hwy/foreach_target.h>  // Before highway.h.
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace datastorage::codes::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

void DotRowsOnTarget(const std::int16_t* query,
                     const std::int8_t* codes,
                     std::span<const std::uint16_t> rows,
                     std::int32_t* dots) {
  // At most 32 lanes, a power of two: they divide the 384 dimensions on every target.
  const HWY_CAPPED(std::int16_t, 32) d16;
  const hn::Rebind<std::int8_t, decltype(d16)> d8;
  const hn::RepartitionToWide<decltype(d16)> d32;
  const std::size_t lane_count = hn::Lanes(d16);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const std::int8_t* row = codes + std::size_t{rows[i]} * kEmbeddingDimensionCount;
    auto sum0 = hn::Zero(d32);
    auto sum1 = hn::Zero(d32);
    for (std::size_t d = 0; d < kEmbeddingDimensionCount; d += lane_count) {
      const auto wide = hn::PromoteTo(d16, hn::Load(d8, row + d));
      sum0 = hn::ReorderWidenMulAccumulate(d32, hn::Load(d16, query + d), wide, sum0, sum1);
    }
    dots[i] = hn::GetLane(hn::SumOfLanes(d32, hn::Add(sum0, sum1)));
  }
}

}  // namespace datastorage::codes::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace datastorage::codes {

HWY_EXPORT(DotRowsOnTarget);

void DotRows(const std::int16_t* query,
             const std::int8_t* codes,
             std::span<const std::uint16_t> rows,
             std::int32_t* dots) {
  HWY_DYNAMIC_DISPATCH(DotRowsOnTarget)(query, codes, rows, dots);
}

void DotRowsPortable(const std::int16_t* query,
                     const std::int8_t* codes,
                     std::span<const std::uint16_t> rows,
                     std::int32_t* dots) {
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const std::int8_t* row = codes + std::size_t{rows[i]} * kEmbeddingDimensionCount;
    std::int32_t sum = 0;
    for (std::size_t d = 0; d < kEmbeddingDimensionCount; ++d) {
      sum += std::int32_t{query[d]} * std::int32_t{row[d]};
    }
    dots[i] = sum;
  }
}

}  // namespace datastorage::codes
#endif  // HWY_ONCE
