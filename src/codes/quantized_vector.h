// Vectors as small integers times one scale, and the proven bound of what that costs.
//
// A stored vector x becomes x̂ = scale · c with |c[d]| ≤ 127 (8 bits), a query q becomes
// q̂ = scale · k with |k[d]| ≤ 32,767 (16 bits: the kernel widens to 16 bits anyway, so the finer
// query is free). The score is s = q̂·x̂, an exact integer sum times two scales.
//
//   |q·x − q̂·x̂| = |(q − q̂)·x + q̂·(x − x̂)| ≤ ‖q − q̂‖·‖x‖ + ‖q̂‖·‖x − x̂‖     (Cauchy-Schwarz)
//
// with the norms of the actual residuals, not of the worst possible ones. Stored vectors are unit
// only to 1e-3, so q·x and the cosine q·x / (‖q‖·‖x‖) differ by
//
//   |q·x|·|1 − 1/(‖q‖·‖x‖)| ≤ |‖q‖·‖x‖ − 1| ≤ |‖q‖ − 1|·‖x‖ + |‖x‖ − 1|
//
// The bound is the sum of both and of kRoundingError, so it holds for the dot product, for the
// cosine, and for Dot(), which sums in single precision.
#pragma once

#include <array>
#include <cstdint>

#include "domain/embedding.h"

namespace datastorage::codes {

inline constexpr int kCodeMax = 127;
inline constexpr int kQueryCodeMax = 32'767;

// Three roundings of 2^-24 in ScoreOf, at most 51 in Dot(): 54 · 6e-8 = 3.3e-6 for unit vectors;
// the norms of residuals are computed in double precision (1e-13).
inline constexpr double kRoundingError = 1e-5;

// What was lost when a vector was stored.
struct QuantizationLoss {
  double residual = 0;        // ‖x − x̂‖
  double norm_deviation = 0;  // |‖x‖ − 1|
};

struct QuantizedQuery {
  alignas(64) std::array<std::int16_t, kEmbeddingDimensionCount> codes{};
  float scale = 0;
  double residual = 0;        // ‖q − q̂‖
  double norm = 0;            // ‖q̂‖
  double norm_deviation = 0;  // |‖q‖ − 1|
};

// Writes kEmbeddingDimensionCount codes and the scale. REQUIRES: `vector` is finite.
QuantizationLoss QuantizeRow(const Embedding& vector, std::int8_t* codes, float* scale);
QuantizedQuery QuantizeQuery(const Embedding& vector);

// A stored vector as its codes tell it.
struct RestoredVector {
  Embedding vector{};
  float error = 0;  // No component is further than this from the original.
};
RestoredVector RestoreRow(const std::int8_t* codes, float scale);

// About q·x, from the integer dot product of the codes.
inline float ScoreOf(std::int32_t dot, float query_scale, float row_scale) {
  return static_cast<float>(dot) * (query_scale * row_scale);
}

// Bounds |score − cosine| for every stored vector whose losses are at most `worst`.
float ScoreErrorBound(const QuantizedQuery& query, const QuantizationLoss& worst);

}  // namespace datastorage::codes
