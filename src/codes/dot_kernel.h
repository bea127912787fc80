// Dot products of one 16-bit query with rows of 8-bit codes: the inner loop of the scan.
// The instruction set is chosen when the process starts (Highway), so one binary runs anywhere.
#pragma once

#include <cstdint>
#include <span>

namespace datastorage::codes {

// Writes dots[i] = Σ query[d] · codes[rows[i] · kEmbeddingDimensionCount + d].
//
// Exact in 32 bits: |query[d]| ≤ 32,767 and |code| ≤ 127 keep every partial sum below
// 384 · 32,767 · 127 = 1,597,981,056 < 2^31. Thread-safe.
// REQUIRES: `query` has kEmbeddingDimensionCount components; `query` and `codes` are aligned to
// 64 bytes; `dots` has room for rows.size() values.
void DotRows(const std::int16_t* query,
             const std::int8_t* codes,
             std::span<const std::uint16_t> rows,
             std::int32_t* dots);

// The same by plain C++: what every instruction set is tested against.
void DotRowsPortable(const std::int16_t* query,
                     const std::int8_t* codes,
                     std::span<const std::uint16_t> rows,
                     std::int32_t* dots);

}  // namespace datastorage::codes
